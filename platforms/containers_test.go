package platforms_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/paymux/paymux/platforms"
)

// W35: user agents as the apps send them, shortened; most are fixtures of
// matomo-org/device-detector 3856a2869. Want is the entry's id, "" a browser.
func TestW35_containerOf(t *testing.T) {
	const ios, android = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ", "Mozilla/5.0 (Linux; Android 13; MLA-AL10) AppleWebKit/537.36 (KHTML, like Gecko) "
	shipped, err := platforms.LoadContainers(platforms.EmbeddedContainers())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ want, ua string }{
		{"wechat", android + "Version/4.0 Mobile Safari/537.36 MicroMessenger/6.0.2.56_r958800.520 NetType/WIFI"},
		{"wechat_mini_program", ios + "Mobile/15E148 MicroMessenger/8.0.50(0x1800322c) NetType/WIFI Language/zh_CN miniProgram/wx0123456789abcdef"},
		{"wecom", ios + "Mobile/15E148 wxwork/4.1.39 MicroMessenger/7.0.1 Language/zh ColorScheme/Light wwmver/3.26.38.377"},
		{"wecom_mini_program", ios + "Mobile/15E148 wxwork/4.1.39 MicroMessenger/7.0.1 Language/zh miniProgram/wx0123456789abcdef"},
		{"douyin", ios + "Mobile/15E148 aweme_31.9.0 Region/CN AppTheme/light NetType/WIFI WKWebView/1 Bullet/1 aweme/31.9.0 BytedanceWebview/d8a21c6"},
		{"douyin", android + "Chrome/75.0 Mobile Safari/537.36 AppName/aweme app_version/12.4.0 ByteLocale/zh-CN"},
		{"douyin_lite", ios + "Mobile/15E148 aweme_lite_120400 AppName/aweme_lite JsSdk/1.0 app_version/12.4.0 ByteLocale/zh-CN"},
		{"douyin_mini_program", ios + "Mobile/15E148 aweme_31.9.0 BytedanceWebview/d8a21c6 ToutiaoMicroApp/3.0"},
		{"toutiao_mini_program", ios + "Mobile/15E148 NewsArticle/8.1.0 BytedanceWebview/d8a21c6 ToutiaoMicroApp/3.0"},
		{"toutiao", ios + "Mobile/15E148 NewsArticle/5.1.3"},
		{"toutiao", ios + "Mobile/15E148 NewsArticle/8.1.0 BytedanceWebview/d8a21c6"},
		{"kuaishou", ios + "Mobile/15E148 Kwai/12.9.10.8962 ISLP/0 StatusHT/59 Yoda/3.0.3.1 WebViewType/WK"},
		{"kuaishou", android + "Chrome/90.0 Mobile Safari/537.36 Kwai_Pro/5.0"},
		{"xiaohongshu", ios + "Mobile/15E148 xhsminiapp/8.2 discover/8.2"},
		{"xiaohongshu", android + "Chrome/90.0 Mobile Safari/537.36 XiaoHongShu/8.2"},
		{"weibo", android + "Mobile Safari/537.36 Weibo (HUAWEI-HUAWEI MLA-AL10__weibo__9.4.3__android__android6.0)"},
		{"qq", ios + "Mobile/15E148 QQ/9.0.85.612 V1_IPH_SQ_9.0.85_1_APP_A Pixel/1170 QBWebViewType/1 WKType/1"},
		{"qq", android + "Version/4.0 MQQBrowser/6.2 TBS/045 Mobile Safari/537.36 V1_AND_SQ_8.0.8_1218 QQ/8.0.8.4115 NetType/WIFI"},
		{"baidu", android + "Chrome/76.0 Mobile Safari/537.36 T7/12.24 SearchCraft/3.9.1 SP-engine/2.36.0 baiduboxapp/12.25.0.10 (Baidu; P1 10) NABar/1.0"},
		{"baidu", ios + "Mobile/15E148 swan/2.10 swan-baiduboxapp/12.25"},
		{"alipay", ios + "Mobile/15E148 NebulaSDK/1.8.100112 Nebula AlipayDefined(nt:WIFI) AliApp(AP/10.3.0.8000) AlipayClient/10.3.0.8000 Language/zh-Hans"},
		{"alipay", android + "Chrome/69.0 UWS/3.22.1.62 UCBrowser/11.9.4.974 Mobile Safari/537.36 AliApp(AP/10.2.8.7000) AlipayClient/10.2.8.7000"},
		{"unionpay", ios + "Mobile/15E148/sa-sdk-ios (com.unionpay.chsp) (cordova 4.5.4) (updebug 0) (version 939) (UnionPay/1.0 CloudPay) (language zh_CN)"},
		{"taobao", android + "UCBrowser/11.9.4.974 UWS/2.13 Mobile Safari/537.36 AliApp(TB/7.8.3) WindVane/8.3.0"},
		{"dingtalk", ios + "Mobile/15E148 AliApp(DingTalk/6.5.30) com.laiwang.DingTalk/25293052 Channel/201200"},
		{"dingtalk", android + "UWS/3.22 UCBrowser/11.9 Mobile Safari/537.36 AliApp(DingTalk/6.5.30) com.alibaba.android.rimet/25293052"},
		{"feishu", ios + "Version/14.1 Mobile/15E148 Safari/604.1 Lark/5.29.6 LarkLocale/en_US ChannelName/Lark"},

		{"", ""},
		{"", ios + "Version/18.0 Mobile/15E148 Safari/604.1"},
		{"", android + "Version/4.0 MQQBrowser/9.6 Mobile Safari/537.36"},
		{"", android + "Chrome/99.0 Mobile Safari/537.36 HMSCore 6.6.0.352 GMSCore/20.15.16 HuaweiBrowser/12.1.3.301"},
		{"", "Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile"},
		{"", android + "Chrome/123.0.6312.118 Mobile Safari/537.36 XiaoMi/MiuiBrowser/14.13.5-gn"},
		{"", android + "Chrome/125.0.6422.72 Mobile Safari/537.36 HeyTapBrowser/45.12.6.1"},
		{"", android + "Chrome/62.0.3202.84 Mobile Safari/537.36 VivoBrowser/20.0.2.1"},
		{"", android + "Version/4.0 UCBrowser/12.10.0.1163 UWS/2.13 Mobile Safari/537.36"},
		{"", android + "Chrome/100.0.4896.58 Quark/6.2.8.250 Mobile Safari/537.36"},
		{"", strings.Repeat("x", 1<<20) + " MicroMessenger/8"}, // what is so far behind is no mark
	} {
		for _, ua := range []string{c.ua, strings.ToUpper(c.ua)} {
			if got := shipped.ContainerOf(ua); got.ID != c.want {
				t.Errorf("%.160s: %q, want %q", ua, got.ID, c.want)
			}
		}
	}
}

// Whoever shows Alipay's page says so, and only there is the form handed out; where nobody has
// spoken the guide is shown, and claims nothing.
func TestW35_containersSayWhatIsKnown(t *testing.T) {
	shipped, err := platforms.LoadContainers(platforms.EmbeddedContainers())
	if err != nil {
		t.Fatal(err)
	}
	for ua, want := range map[string]string{
		"AlipayClient/10": "alipay leave false doubtful false menu false", "MicroMessenger/8": "wechat leave true doubtful false menu true",
		"MicroMessenger/8 miniProgram": "wechat_mini_program leave true doubtful false menu false", "Kwai/12": "kuaishou leave true doubtful true menu false",
		"aweme/31": "douyin leave true doubtful true menu true", "Firefox": " leave false doubtful false menu false",
	} {
		c := shipped.ContainerOf(ua)
		if got := fmt.Sprintf("%s leave %t doubtful %t menu %t", c.ID, c.Leave, c.Doubtful, c.Menu); got != want {
			t.Errorf("%s: %s, want %s", ua, got, want)
		}
		if c.ID != "" && (c.Name.ZH == "" || c.Name.EN == "") {
			t.Errorf("%s has no name", c.ID)
		}
	}
}

func TestLoadContainersRefuses(t *testing.T) {
	entry := func(id, marks string) string {
		return "  - {id: " + id + ", name: {zh: 甲, en: A}, marks: " + marks + ", cashier: no, menu: no, source: s, date: 2026-11-27, certainty: secondary}\n"
	}
	for name, c := range map[string]struct{ content, want string }{
		"nothing":            {"", "EOF"},
		"none":               {"containers: []\n", "containers: must satisfy min 1"},
		"unknown key":        {"containers:\n" + strings.Replace(entry("a", "[[abcd]]"), "menu:", "menue:", 1), `unknown key "menue"`},
		"another cashier":    {"containers:\n" + strings.Replace(entry("a", "[[abcd]]"), "cashier: no", "cashier: maybe", 1), "containers[0].cashier: must satisfy oneof"},
		"no source":          {"containers:\n" + strings.Replace(entry("a", "[[abcd]]"), "source: s", `source: ""`, 1), "containers[0].source: must satisfy required"},
		"a mark of three":    {"containers:\n" + entry("a", "[[abc]]"), "containers[0].marks[0][0]: must satisfy min 4"},
		"an empty group":     {"containers:\n" + entry("a", "[[]]"), "containers[0].marks[0]: must satisfy min 1"},
		"capitals":           {"containers:\n" + entry("a", "[[Abcd]]"), "marks are lower case"},
		"twice":              {"containers:\n" + entry("a", "[[abcd]]") + entry("a", "[[wxyz]]"), "a: stands twice"},
		"hidden":             {"containers:\n" + entry("a", "[[aweme]]") + entry("b", "[[aweme_lite]]"), "b: is never reached, a before it takes everything"},
		"hidden by a part":   {"containers:\n" + entry("a", "[[aweme]]") + entry("b", "[[aweme], [miniprogram]]"), "b: is never reached"},
		"hidden by a choice": {"containers:\n" + entry("a", "[[aweme, wxwork]]") + entry("b", "[[wxwork]]"), "b: is never reached"},
	} {
		if _, err := platforms.LoadContainers([]byte(c.content)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	for name, content := range map[string]string{
		"the narrower first":      entry("b", "[[aweme_lite]]") + entry("a", "[[aweme]]"),
		"a choice that goes on":   entry("a", "[[wxwork]]") + entry("b", "[[wxwork, aweme]]"),
		"both marks, then either": entry("a", "[[aweme], [miniprogram]]") + entry("b", "[[miniprogram]]"),
	} {
		if _, err := platforms.LoadContainers([]byte("containers:\n" + content)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
