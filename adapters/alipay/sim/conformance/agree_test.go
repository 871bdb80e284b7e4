//go:build conformance

package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/paymux/paymux/adapters/alipay"
)

// errDisagree is wrapped by every difference between two parties.
var errDisagree = errors.New("disagreement")

// agree compares our typed answer with the SDK's untyped one: every field that
// we read must say the same. What the answer does not have is zero with us.
func agree(what string, ours any, theirs fields) error {
	text, err := json.Marshal(ours)
	if err != nil {
		return err
	}
	var mine fields
	if err := json.Unmarshal(text, &mine); err != nil {
		return err
	}
	return agreeFields(what, mine, theirs)
}

func agreeFields(what string, mine, theirs fields) error {
	for name, value := range mine {
		other, present := theirs[name]
		switch {
		case !present && empty(value):
		case !present:
			return fmt.Errorf("%w: %s.%s is %v with us and absent with the SDK", errDisagree, what, name, value)
		default:
			if err := agreeValue(what+"."+name, value, other); err != nil {
				return err
			}
		}
	}
	return nil
}

func agreeValue(what string, mine, other any) error {
	switch value := mine.(type) {
	case map[string]any:
		inner, ok := other.(map[string]any)
		if !ok {
			return fmt.Errorf("%w: %s is %v and %v", errDisagree, what, mine, other)
		}
		return agreeFields(what, value, inner)
	case []any:
		list, ok := other.([]any)
		if !ok || len(list) != len(value) {
			return fmt.Errorf("%w: %s is %v and %v", errDisagree, what, mine, other)
		}
		for i := range value {
			if err := agreeValue(fmt.Sprintf("%s[%d]", what, i), value[i], list[i]); err != nil {
				return err
			}
		}
		return nil
	}
	if !reflect.DeepEqual(mine, other) && fmt.Sprint(mine) != fmt.Sprint(other) {
		return fmt.Errorf("%w: %s is %q with us and %q with the SDK", errDisagree, what, fmt.Sprint(mine), fmt.Sprint(other))
	}
	return nil
}

func empty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == "" || v == "0.00" || strings.HasPrefix(v, "0001-01-01")
	case float64:
		return v == 0
	case []any:
		return len(v) == 0
	}
	return false
}

// same compares two texts or numbers of different parties.
func same(what string, a, b any) error {
	if fmt.Sprint(a) != fmt.Sprint(b) {
		return fmt.Errorf("%w: %s: %v and %v", errDisagree, what, a, b)
	}
	return nil
}

// done demands that our client found a call executed.
func done(what string, r alipay.Result) error {
	if r.Class != alipay.Done {
		return fmt.Errorf("%w: %s: our client got %v %s %s %w", errDisagree, what, r.Class, r.Code, r.SubCode, errOr(r.Err))
	}
	return nil
}

func errOr(err error) error {
	if err == nil {
		return errDisagree
	}
	return err
}

// refusedAlike demands that both parties read the same refusal.
func refusedAlike(what string, r alipay.Result, theirs fields) error {
	return errors.Join(same(what+" code", r.Code, theirs["code"]), same(what+" sub_code", r.SubCode, text(theirs["sub_code"])))
}

func text(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}
