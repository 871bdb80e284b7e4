package command_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web"
)

// errorsGuide is one language's guide to the codes.
type errorsGuide struct {
	path     string
	language core.Language
	head     string
	columns  string
	gateway  string // heading and introduction of the gateway's own codes
	sub      string // columns of that table
	parties  map[core.Party]string
	repeats  map[core.Repeat]string
}

func errorsGuides() []errorsGuide {
	return []errorsGuide{
		{
			"../../docs/errors.md", core.English,
			"# Errors\n\n[中文](errors.zh-CN.md)\n\nEvery code that the API answers with: whose matter it is, what to do, and what a shop may tell its buyer. Programs act on `code`; `buyer_message` of a\nrefusal by the gateway holds the last column's sentence. The same names stand in `fail_code` of refunds and in `fault` of attempts and refunds. Written by a test\nfrom the tables of the program.\n",
			"| status | code | whose matter | what to do | what the buyer may be told |\n|---|---|---|---|---|\n",
			"## What Alipay's own codes become\n\nSub codes without `ACQ.` and `isv.`; `…` marks a family. What is not listed is `outcome_unknown`: it proves nothing, and is asked for. `misconfigured` ends nothing, whatever was\nasked: signed, the same call is made again; unsigned, it proves nothing about the money.\n",
			"| class | a repeat | Alipay's sub codes |\n|---|---|---|\n",
			map[core.Party]string{
				core.PartyCaller: "the caller's", core.PartyBuyer: "the buyer's", core.PartyMerchant: "the merchant's", core.PartyOperator: "ours: who runs paymux",
				core.PartyGateway: "the gateway's", core.PartyNobody: "nobody's: the state",
			},
			map[core.Repeat]string{
				core.RepeatNever: "is refused again", core.RepeatMended: "helps once it is mended", core.RepeatLater: "helps after a pause", core.RepeatAsked: "paymux asks by itself",
			},
		},
		{
			"../../docs/errors.zh-CN.md", core.Chinese,
			"# 错误码\n\n[English](errors.md)\n\nAPI 的每一个错误码：由谁负责、怎么处理、可以怎样告诉买家。程序只看 `code`；网关拒绝时，`buyer_message` 就是最后一列的话。退款的 `fail_code`、支付和退款的 `fault` 使用同样的名字。本页由测试根据程序中的表生成。\n",
			"| 状态码 | 错误码 | 由谁负责 | 怎么处理 | 可以告诉买家 |\n|---|---|---|---|---|\n",
			"## 支付宝的错误码归入哪一类\n\n子码省略 `ACQ.` 和 `isv.`；`…` 表示一族。没有列出的一律是 `outcome_unknown`：什么也证明不了，要去查询。`misconfigured` 不结束任何事：有签名的，同一调用会再做；没有签名的，对款项不说明任何问题。\n",
			"| 类别 | 重发 | 支付宝的子码 |\n|---|---|---|\n",
			map[core.Party]string{
				core.PartyCaller: "调用方", core.PartyBuyer: "买家", core.PartyMerchant: "商家", core.PartyOperator: "我们：paymux 的运维",
				core.PartyGateway: "网关", core.PartyNobody: "无人：状态如此",
			},
			map[core.Repeat]string{
				core.RepeatNever: "还会被拒绝", core.RepeatMended: "处理好以后有用", core.RepeatLater: "过一会儿有用", core.RepeatAsked: "paymux 自己会查询",
			},
		},
	}
}

func (g errorsGuide) write(t *testing.T) string {
	var out strings.Builder
	out.WriteString(g.head + "\n" + g.columns)
	for _, e := range web.Errors() {
		party, known := g.parties[e.Party]
		if !known || e.Mend.In(g.language) == "" || e.Buyer.In(g.language) == "" {
			t.Errorf("%s: %q has no words in %s", e.Code, e.Party, g.language)
		}
		fmt.Fprintf(&out, "| %d | `%s` | %s | %s | %s |\n", e.Status, e.Code, party, e.Mend.In(g.language), e.Buyer.In(g.language))
	}
	out.WriteString("\n" + g.gateway + "\n" + g.sub)
	codes := map[alipay.Fault][]string{}
	for _, r := range alipay.Rulings() {
		codes[r.Fault] = append(codes[r.Fault], strings.Fields(strings.ReplaceAll(r.Codes, "*", "…"))...)
	}
	codes[alipay.FaultOurs] = append(codes[alipay.FaultOurs], "20001", "40001", "40003", "40006")
	codes[alipay.FaultThrottled] = append(codes[alipay.FaultThrottled], "40005")
	for _, fault := range slices.Sorted(maps.Keys(codes)) {
		f, ok := core.FaultOf(core.Code(fault))
		if !ok {
			continue // not_found is no refusal
		}
		slices.Sort(codes[fault])
		fmt.Fprintf(&out, "| `%s` | %s | `%s` |\n", fault, g.repeats[f.Repeat], strings.Join(slices.Compact(codes[fault]), "` `"))
	}
	return out.String()
}

// G24: the guides to the codes, English and Chinese, are what the tables say. PAYMUX_TEST_UPDATE=1
// writes them.
func TestG24_errorGuidesSayWhatTheTablesSay(t *testing.T) {
	for _, g := range errorsGuides() {
		want := g.write(t)
		if os.Getenv("PAYMUX_TEST_UPDATE") != "" {
			if err := os.WriteFile(g.path, []byte(want), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(g.path); err != nil || string(got) != want {
			t.Errorf("%s is not what the tables say (%v): run PAYMUX_TEST_UPDATE=1 go test -run TestG24 ./web/command", g.path, err)
		}
	}
}
