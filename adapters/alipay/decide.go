package alipay

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// weight says what hangs on a field of an answer or a message.
type weight uint8

const (
	decorates    weight = iota // nothing: it is shown, or not even that
	decidesText                // an id or a state: JSON text, and nothing that looks like it
	decidesMoney               // an amount: text, or a number as the protocol would write it
)

// weigh is the one list of fields that decide: about money, about an order's or
// a refund's end, about whose they are, about what the buyer does next. Whatever
// is read of an answer beside them must not be able to lose it.
func weigh(name string) weight {
	switch name {
	case "code", "sub_code", "trade_status", "out_trade_no", "trade_no", "out_request_no", "app_id", "seller_id", "seller_open_id",
		"fund_change", "refund_status", "dback_status", // what became of money
		"qr_code", "user_id", "open_id", "access_token", // what the buyer's client gets
		"retry_flag", "action", "settle_no", "complain_event_id", "bill_download_url", "bill_file_code", "alipay_cert_content":
		return decidesText
	case "total_amount", "refund_fee", "refund_amount", "dback_amount", "send_back_fee":
		return decidesMoney
	}
	return decorates
}

// decode reads the members into target, a pointer to a struct with json tags.
// A field that decides is read strictly, or the whole is refused; of any other
// that cannot be read, the name is returned and the field stays empty.
func (m members) decode(target any) (oddities []string, err error) {
	value := reflect.ValueOf(target).Elem()
	if value.Kind() != reflect.Struct {
		return nil, m.decodeLoose(target)
	}
	for i := range value.NumField() {
		name, _, _ := strings.Cut(value.Type().Field(i).Tag.Get("json"), ",")
		raw := m.get(name)
		if name == "" || name == "-" || raw == nil {
			continue
		}
		field := value.Field(i)
		switch weight := weigh(name); {
		case weight == decidesText && field.Kind() == reflect.String:
			text, err := decidingText(name, raw)
			if err != nil {
				return nil, err
			}
			field.SetString(text)
		case weight == decidesMoney && field.Kind() == reflect.Int64:
			amount, err := decidingAmount(name, raw)
			if err != nil {
				return nil, err
			}
			field.SetInt(int64(amount))
		default:
			odd, err := decodeDecoration(raw, field)
			if err != nil {
				return nil, err
			}
			if odd {
				oddities = append(oddities, name)
			}
		}
	}
	return oddities, nil
}

// decodeDecoration reads a field that decides nothing. An object may hold
// fields that do, such as those of deposit_back_info.
func decodeDecoration(raw []byte, field reflect.Value) (odd bool, err error) {
	if inner := field.Type(); raw[0] == '{' && inner.Kind() == reflect.Pointer && inner.Elem().Kind() == reflect.Struct {
		list, err := readMembers(raw)
		if err != nil {
			return false, err
		}
		field.Set(reflect.New(inner.Elem()))
		names, err := list.decode(field.Interface())
		return len(names) > 0, err
	}
	if json.Unmarshal(raw, field.Addr().Interface(), jsontext.AllowInvalidUTF8(true)) != nil {
		field.SetZero()
		return true, nil //nolint:nilerr // what cannot be read is odd, and decides nothing
	}
	at, isTime := reflect.TypeAssert[*Time](field.Addr())
	return isTime && at.IsZero() && string(raw) != `""`, nil
}

// decodeLoose serves callers that bring a type of their own, such as a map.
func (m members) decodeLoose(target any) error {
	text := []byte{'{'}
	for i, field := range m {
		if i > 0 {
			text = append(text, ',')
		}
		var err error
		if text, err = jsontext.AppendQuote(text, strings.ToValidUTF8(field.name, "\ufffd")); err != nil {
			return malformedJSON()
		}
		text = append(append(text, ':'), field.value...)
	}
	if json.Unmarshal(append(text, '}'), target, jsontext.AllowInvalidUTF8(true)) != nil {
		return fmt.Errorf("%w: the node's fields", ErrMalformedResponse)
	}
	return nil
}

func decidingText(name string, raw []byte) (string, error) {
	if raw[0] == '"' {
		text, err := unquoteText(raw)
		if err == nil {
			return text, nil
		}
	}
	return "", fmt.Errorf("%w: %s is no text", ErrMalformedResponse, name)
}

func decidingAmount(name string, raw []byte) (Amount, error) {
	text := string(raw)
	if raw[0] == '"' {
		var err error
		if text, err = unquoteText(raw); err != nil {
			return 0, fmt.Errorf("%w: %s", ErrMalformedResponse, name)
		}
		if text == "" || text == "null" { // how an amount is written that is absent
			return 0, nil
		}
	}
	fen, err := parseYuan(text, 0, false)
	if err != nil {
		return 0, fmt.Errorf("%w: %s: %w", ErrMalformedResponse, name, err)
	}
	return Amount(fen), nil
}

// unquoteText reads a JSON string; what is no text in it becomes U+FFFD.
func unquoteText(raw []byte) (string, error) {
	var text string
	err := json.Unmarshal(raw, &text, jsontext.AllowInvalidUTF8(true))
	return text, err
}
