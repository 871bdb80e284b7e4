package alipay

import (
	"fmt"
	"strings"
)

// serviceCheck is the service of the gateway test below.
const serviceCheck = "alipay.service.check"

// checkOldMessage names what Alipay's interfaces before the open platform still
// send to addresses of today. None of it can be verified here: it is signed by
// MD5 with a secret of the account, or by an older key, and says no app_id. It
// is refused, but by what it is, so that nobody looks for a wrong key.
func checkOldMessage(u *Unverified) error {
	if u.get("service") == serviceCheck {
		return fmt.Errorf("%w: the console's test of an application gateway (%s); it is about no payment, and messages come without it",
			ErrServiceCheck, serviceCheck)
	}
	if u.get("app_id") != "" {
		return nil
	}
	var what string
	switch {
	case u.get("notify_data") != "" || u.get("sec_id") != "":
		what = "XML of the old mobile web payment"
	case u.get("batch_no") != "":
		what = "the old batch refund or batch transfer"
	case u.get("total_fee") != "":
		what = "the old direct payment"
	case strings.EqualFold(u.get("sign_type"), "MD5") || strings.EqualFold(u.get("sign_type"), "DSA"):
		what = "an old signature, made with the account's secret"
	default:
		return nil
	}
	return fmt.Errorf("%w: %s, without app_id; make the order with the open platform's interface, or point the old one elsewhere", ErrOldInterface, what)
}
