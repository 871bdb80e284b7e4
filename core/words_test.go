package core_test

import (
	"testing"

	"github.com/paymux/paymux/core"
)

func TestWordsAreChineseUnlessEnglishIsAskedFor(t *testing.T) {
	w := core.Words{ZH: "余额不足", EN: "The balance is too low"}
	for language, want := range map[core.Language]string{core.English: w.EN, core.Chinese: w.ZH, "": w.ZH, "fr": w.ZH} {
		if got := w.In(language); got != want {
			t.Errorf("%q: %s", language, got)
		}
	}
	if w.Empty() || !(core.Words{}).Empty() {
		t.Error("empty")
	}
}
