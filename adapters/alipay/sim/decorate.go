package alipaysim

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
)

// member is one member of a JSON object, its value as written.
type member struct {
	name  string
	value json.RawMessage
}

// decorations are members that decide nothing, in JSON types that no document
// has and real answers had: a text for a list, a number for a text, half a
// character where a name should be.
func decorations() []member {
	return []member{
		{"voucher_detail_list", json.RawMessage(`""`)},
		{"hb_fq_pay_info", json.RawMessage(`{"user_install_num":3}`)},
		{"store_name", json.RawMessage(`"\ud83d"`)},
	}
}

// decorate replaces or adds the decorations in an answer and writes the amounts
// of its fund_bill_list as numbers. What it cannot read it leaves alone.
func decorate(content []byte) []byte {
	list, err := membersOf(content)
	if err != nil {
		return content
	}
	for i := range list {
		if list[i].name == "fund_bill_list" {
			list[i].value = json.RawMessage(bareAmounts(string(list[i].value)))
		}
	}
	for _, odd := range decorations() {
		list = append(without(list, odd.name), odd)
	}
	return writeMembers(list)
}

// decorateNotice is decorate for a notification, whose lists are JSON inside of texts.
func decorateNotice(fields map[string]string) {
	if bills := fields["fund_bill_list"]; bills != "" {
		fields["fund_bill_list"] = bareAmounts(bills)
	}
	fields["voucher_detail_list"] = `""`
	fields["hb_fq_pay_info"] = `{"USER_INSTALL_NUM":3,"bank":"\ud83d"}`
}

var quotedAmount = regexp.MustCompile(`"amount":"[0-9]+\.[0-9]+"`)

// bareAmounts writes "amount":"10.00" as "amount":10 and "10.50" as 10.5.
func bareAmounts(text string) string {
	return quotedAmount.ReplaceAllStringFunc(text, func(found string) string {
		number := strings.Trim(strings.TrimPrefix(found, `"amount":`), `"`)
		return `"amount":` + strings.TrimSuffix(strings.TrimRight(number, "0"), ".")
	})
}

var errNoObject = errors.New("alipaysim: not a JSON object")

func membersOf(object []byte) ([]member, error) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return nil, errNoObject
	}
	var list []member
	for decoder.More() {
		var m member
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		m.name, _ = name.(string)
		if err := decoder.Decode(&m.value); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

func without(list []member, name string) []member {
	kept := list[:0:0]
	for _, m := range list {
		if m.name != name {
			kept = append(kept, m)
		}
	}
	return kept
}

// writeMembers gives a compact object; names are the protocol's and need no escapes.
func writeMembers(list []member) []byte {
	var b bytes.Buffer
	for i, m := range list {
		b.WriteByte("{,"[min(i, 1)])
		b.WriteString(`"` + m.name + `":`)
		b.Write(m.value)
	}
	b.WriteByte('}')
	return b.Bytes()
}
