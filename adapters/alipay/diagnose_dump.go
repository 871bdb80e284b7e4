package alipay

import (
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A dump is what a program prints of a form that it has parsed. Its fields are decoded, and what
// their values look like depends on the language; names are what all dumps have in common.

// dumpStyle is how one language prints a form: a name, then a value and what ends it.
type dumpStyle struct {
	is    string
	name  string // pattern; its first group is the name
	ends  string // pattern of what ends a value
	tail  string // what ends the whole
	quote bool   // values stand in quotes and have escapes
}

// dumpStyles begins with those that cannot be taken for another.
func dumpStyles() []dumpStyle {
	return []dumpStyle{
		{"an array as PHP's var_dump prints it", `\["(\w+)"\]\s*=>\s*string\(\d+\)\s*"`, `"\s*$`, "}", false},
		{"an array as PHP's print_r prints it", `\[(\w+)\] => `, `\r?\n[ \t]*$`, ")", false},
		{"an object as Python, PHP, Ruby or JavaScript prints it", `['":]?(\w+)['"]?\s*(?::|=>)\s*[\[(]?['"]`, `['"][\s\])},>(]*$`, "", true},
		{"a list of pairs as Python prints it", `\(['"](\w+)['"],\s*[\[(]?['"]`, `['"][\s\]),]*$`, "", true},
		{"a map as Go prints it", `(?:^|[\[ ])(\w+):\[`, `\]$`, "]", false},
		{"a map as Go prints it", `(?:map\[| )(\w+):`, "", "]", false},
		{"a map of lists as Java prints it", `(?:^\{|, )(\w+)=\[`, `\]$`, "}", false},
		{"a map as Java prints it", `(?:\{|, )(\w+)=`, "", "}", false},
		{"a list of lines", `(?m)^[ \t]*(\w+)[ \t]*[=:\t][ \t]?`, `[\r\n]+$`, "", false},
		{"a form that was decoded already", `(?:^|&)(\w+)=`, "", "", false},
	}
}

// readDump reads a text that is no form as what programs print of one.
func readDump(text string) ([]field, string) {
	if fields := jsonFields(jsontext.Value(text)); isMessage(fields) {
		return fields, "JSON"
	}
	for _, style := range dumpStyles() {
		if fields := style.read(text); isMessage(fields) {
			return fields, style.is
		}
	}
	return nil, ""
}

// read cuts at the names that messages have: a value may hold JSON with names of its own.
func (s dumpStyle) read(text string) []field {
	text = strings.TrimSuffix(text, s.tail)
	var fields []field
	from := 0
	for _, at := range regexp.MustCompile(s.name).FindAllStringSubmatchIndex(text, -1) {
		name := text[at[2]:at[3]]
		if !slices.Contains(messageFields(), name) {
			continue
		}
		if len(fields) > 0 {
			fields[len(fields)-1].value = text[from:at[0]]
		}
		fields, from = append(fields, field{name: name}), at[1]
	}
	if len(fields) == 0 {
		return nil
	}
	fields[len(fields)-1].value = text[from:]
	ends := regexp.MustCompile(s.ends)
	for i, f := range fields {
		if s.ends != "" {
			fields[i].value = ends.ReplaceAllString(f.value, "")
		}
		if s.quote {
			fields[i].value = withoutBackslashes(fields[i].value)
		}
	}
	return fields
}

// jsonFields reads an object whose members are texts, numbers, or lists of one text, and looks for
// such an object, or for the form itself, in its members.
func jsonFields(object jsontext.Value) []field {
	var members map[string]jsontext.Value
	if json.Unmarshal(object, &members) != nil {
		return nil
	}
	var fields []field
	for name, value := range members {
		var list []jsontext.Value
		if value.Kind() == '[' && json.Unmarshal(value, &list) == nil && len(list) == 1 {
			value = list[0]
		}
		var text string
		switch {
		case value.Kind() == '"' && json.Unmarshal(value, &text) == nil:
			if inner := splitForm(text); isMessage(inner) {
				return inner
			}
		case value.Kind() == '{':
			if inner := jsonFields(value); isMessage(inner) {
				return inner
			}
			text = string(value)
		case value.Kind() != 'n':
			text = string(value)
		}
		fields = append(fields, field{name, text})
	}
	sortFields(fields)
	return fields
}

// messageFields are the names that notifications, messages of the application gateway and page
// returns have been seen to have.
func messageFields() []string {
	return strings.Fields(`agreement_no alipay_cert_sn alipay_logon_id alipay_user_id app_auth_token app_id auth_app_id batch_no biz_content
		biz_type body buyer_email buyer_id buyer_logon_id buyer_open_id buyer_pay_amount buyer_user_type card_balance cashier_type charge_info_list charset chargeFlags
		charge_amount charge_flags commodity_order_id contactor discount discount_goods_detail encrypt_type enterprise_pay_info
		external_agreement_no from_type fund_bill_list fund_change gmt_close gmt_create gmt_payment gmt_refund gmt_refund_pay
		hb_fq_pay_info hyb_amount invalid_time invoice_amount is_total_fee_adjust login_token mdiscount_amount medical_insurance_info
		merchant_app_id merchant_pid method msg_app_id msg_method msg_type msg_uid name notify_action_type notify_id notify_time notify_type
		order_item_num order_ticket order_time out_biz_no out_channel_type out_request_no out_trade_no passback_params
		payment_info_with_id peerpay_amount payment_type personal_product_code phone point_amount price product_code quantity receipt_amount
		receipt_currency_type refund_detail_item_list refund_fee refund_reason refund_status seller_email seller_id
		seller_open_id send_back_fee send_pay_date service_code settle_amount sign sign_scene sign_time sign_type status store_id
		store_name subject terminal_id timestamp title total_amount total_price trade_no trade_status trans_currency unsign_time
		use_coupon utc_timestamp valid_time vip_customer_pay_info voucher_detail_list version`)
}
