package config

import (
	"errors"
	"net"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-playground/validator/v10"
)

// The shapes that validator's own tags do not know, each with what to write
// instead. id: names in addresses and logs; key: a rule file's key; event: two
// or more keys joined by dots; listen: host:port with port 0 allowed.
const (
	idPattern    = `^[a-z0-9][a-z0-9_-]{0,39}$`
	keyPattern   = `^[a-z][a-z0-9_]{0,63}$`
	eventPattern = `^[a-z_]+(\.[a-z_]+)+$`
)

// IsID tells whether a text can be the id of a key, a merchant or any other record of the file.
func IsID(text string) bool { return regexp.MustCompile(idPattern).MatchString(text) }

// validateShape applies the validate tags: each setting by itself.
func validateShape(c *Config, dialects []Dialect, problems *Problems) {
	v := newValidator()
	blameShape(v.Struct(c), problems.add)
	c.eachAccount(func(at string, a *Account) {
		if a.Settings != nil {
			blameShape(v.Struct(a.Settings), problems.under(at+"."+a.Gateway))
		}
	})
	checkSections(c, dialects, problems)
}

func blameShape(err error, blame Blame) {
	var failures validator.ValidationErrors
	if !errors.As(err, &failures) {
		if err != nil {
			blame("file", err.Error(), "")
		}
		return
	}
	for _, f := range failures {
		_, path, _ := strings.Cut(f.Namespace(), ".")
		what, mend := explain(f)
		blame(path, what, mend)
	}
}

func newValidator() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(f reflect.StructField) string { return f.Tag.Get("json") })
	v.RegisterCustomTypeFunc(func(field reflect.Value) any {
		if secret, ok := reflect.TypeAssert[Secret](field); ok {
			return secret.Reveal()
		}
		return nil
	}, Secret{})
	shapes := map[string]func(string) bool{
		"id":     IsID,
		"key":    regexp.MustCompile(keyPattern).MatchString,
		"event":  regexp.MustCompile(eventPattern).MatchString,
		"listen": isListen,
	}
	for tag, shape := range shapes {
		// The only error is an empty tag or function.
		_ = v.RegisterValidation(tag, func(f validator.FieldLevel) bool { return shape(f.Field().String()) })
	}
	return v
}

func isListen(address string) bool {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n <= 65535
}

// explain says what a failed tag means. It never repeats the value.
func explain(f validator.FieldError) (what, mend string) {
	unit := ""
	if f.Kind() == reflect.String {
		unit = " characters"
	} else if f.Kind() == reflect.Slice {
		unit = " entries"
	}
	switch f.Tag() {
	case "required":
		return "is missing", "set it; it has no default"
	case "oneof":
		return "is not one of the values it may have", "use one of: " + f.Param()
	case "min":
		return "is too small", "at least " + f.Param() + unit
	case "max":
		return "is too large", "at most " + f.Param() + unit
	case "len":
		return "has the wrong length", "exactly " + f.Param() + unit
	case "number":
		return "must be digits only", "copy the number from the gateway's console, in quotes"
	case "startswith":
		return "is another kind of number", "it begins with " + f.Param()
	case "unique":
		return "names one thing twice", "keep one"
	case "cidr":
		return "is not a network", "write it as 10.0.0.0/8"
	case "sha256":
		return "is not a SHA-256", "64 hexadecimal digits, lower case"
	case "listen":
		return "is not an address to listen on", "write it as 127.0.0.1:8080"
	case "id":
		return "is not a name", "use a-z, 0-9, _ and -, at most 40"
	case "key", "event":
		return "is not a key", "use a-z, 0-9 and _; events join keys with dots, such as payment.paid"
	default:
		return "does not fit " + f.Tag(), ""
	}
}
