package web

import (
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/paymux/paymux/core"
)

// maxRanges bounds how much of an Accept-Language header is looked at.
const maxRanges = 20

// languageOf chooses what an answer speaks, by Accept-Language (RFC 9110): the language with the
// higher weight, of equal ones the one named first, and Chinese where neither is named. "*" stands
// for what is not named.
func languageOf(header string) core.Language {
	weights := map[string]int{} // in thousandths, -1 where not named
	for _, language := range []string{"zh", "en", "*"} {
		weights[language] = -1
	}
	first := "zh"
	for i, part := range strings.Split(header, ",") {
		if i == maxRanges {
			break
		}
		name, parameters, _ := strings.Cut(part, ";")
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(name)), "-")
		weight, ok := weightOf(parameters)
		if known, ours := weights[primary]; !ok || !ours || weight <= known {
			continue
		}
		if weights["zh"] < 0 && weights["en"] < 0 && primary != "*" {
			first = primary
		}
		weights[primary] = weight
	}
	zh, en := weights["zh"], weights["en"]
	if zh < 0 {
		zh = weights["*"]
	}
	if en < 0 {
		en = weights["*"]
	}
	switch {
	case en > zh && en > 0, en > 0 && en == zh && first == "en", zh == 0 && en < 0:
		// the last wants anything but Chinese
		return core.English
	default:
		return core.Chinese
	}
}

// weightOf reads the weight of one range in thousandths: 1000 where none stands; not ok where it is
// none.
func weightOf(parameters string) (int, bool) {
	name, text, found := strings.Cut(strings.TrimSpace(parameters), "=")
	if !found {
		return 1000, strings.TrimSpace(parameters) == ""
	}
	whole, fraction, _ := strings.Cut(strings.TrimSpace(text), ".")
	if !strings.EqualFold(strings.TrimSpace(name), "q") || whole != "0" && whole != "1" || len(fraction) > 3 {
		return 0, false
	}
	n, err := strconv.ParseUint(whole+(fraction + "000")[:3], 10, 16)
	return int(n), err == nil && n <= 1000
}

// speak chooses the answer's language and says so in its headers.
func speak(c echo.Context) core.Language {
	l := languageOf(strings.Join(c.Request().Header.Values("Accept-Language"), ","))
	head := c.Response().Header()
	head.Add("Vary", "Accept-Language")
	head.Set("Content-Language", map[core.Language]string{core.Chinese: "zh-CN", core.English: "en"}[l])
	return l
}
