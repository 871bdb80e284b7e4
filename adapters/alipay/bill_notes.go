package alipay

import (
	"slices"
	"strings"
	"time"
)

// comment reads a line that begins with "#": the file's title, what it is about, its end, its
// totals.
func (r *billReader) comment(text string) {
	switch {
	case !r.titled:
		r.titled, r.info.Kind = true, billKindOfTitle(text)
	case strings.HasPrefix(text, "账号："):
		r.info.Account = bracketed(text, "账号：")
	case strings.HasPrefix(text, "起始日期："):
		r.info.From, r.info.To = chineseTime(bracketed(text, "起始日期：")), chineseTime(bracketed(text, "终止日期："))
	case strings.HasPrefix(text, "导出时间："):
		r.info.ExportedAt = chineseTime(bracketed(text, "导出时间："))
	case strings.HasPrefix(text, "-") && strings.Contains(text, "结束"):
		r.ended = true
	default:
		for _, label := range totalLabels() {
			if strings.HasPrefix(text, label+"：") {
				r.totals.state(label, text)
			}
		}
	}
}

// isNote tells the file's own comments from a text that has "#" after a line break.
func isNote(line string) bool {
	text, comment := strings.CutPrefix(line, "#")
	known := append(totalLabels(), "支付宝", "账号", "起始日期", "导出时间", "-")
	return comment && slices.ContainsFunc(known, func(label string) bool { return strings.HasPrefix(text, label) })
}

func billKindOfTitle(title string) BillKind {
	trade, fund := strings.Contains(title, "业务"), strings.Contains(title, "账务")
	switch summary := strings.Contains(title, "汇总"); {
	case trade && summary:
		return BillTradeSummary
	case fund && summary:
		return BillFundSummary
	case strings.Contains(title, "业务明细"):
		return BillTradeDetail
	case strings.Contains(title, "账务明细"):
		return BillFundDetail
	}
	return BillOther
}

// bracketed returns x of "label[x]".
func bracketed(text, label string) string {
	_, rest, _ := strings.Cut(text, label)
	rest, found := strings.CutPrefix(strings.TrimSpace(rest), "[")
	value, _, closed := strings.Cut(rest, "]")
	if !found || !closed {
		return ""
	}
	return value
}

// chineseTime reads "2026年11月21日 00:00:00" as China time.
func chineseTime(text string) time.Time {
	parsed, err := ParseTime(strings.NewReplacer("年", "-", "月", "-", "日", "").Replace(text))
	if err != nil {
		return time.Time{}
	}
	return parsed
}
