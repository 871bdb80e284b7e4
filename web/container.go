package web

import "strings"

// container is where a page seems to be shown. It decides presentation only: a user agent is whatever its sender likes (W22).
type container string

// The containers. Facts of the tokens: WeChat's browser says MicroMessenger (WeCom and the desktop client too), its mini-program web-view adds
// miniProgram; Douyin's and its sister apps' say aweme, BytedanceWebview or NewsArticle, their mini-programs ToutiaoMicroApp.
const (
	inBrowser           container = "browser"
	inWeChat            container = "wechat"
	inWeChatMiniProgram container = "wechat-miniprogram"
	inDouyin            container = "douyin"
	inDouyinMiniProgram container = "douyin-miniprogram"
)

// containerOf reads a user agent, whatever its case.
func containerOf(userAgent string) container {
	ua := strings.ToLower(userAgent)
	has := func(tokens ...string) bool {
		for _, token := range tokens {
			if strings.Contains(ua, token) {
				return true
			}
		}
		return false
	}
	switch {
	case has("micromessenger", "wxwork") && has("miniprogram"):
		return inWeChatMiniProgram
	case has("micromessenger", "wxwork"):
		return inWeChat
	case has("toutiaomicroapp"):
		return inDouyinMiniProgram
	case has("aweme", "bytedancewebview", "newsarticle"):
		return inDouyin
	default:
		return inBrowser
	}
}

// inApp tells whether the gateway's cashier cannot be opened there.
func (c container) inApp() bool { return c != inBrowser }

// miniProgram tells whether the menu has no "open in browser", so that copying the link is the way out.
func (c container) miniProgram() bool { return c == inWeChatMiniProgram || c == inDouyinMiniProgram }

// app is the host app's name for people.
func (c container) app() string {
	switch c {
	case inWeChat, inWeChatMiniProgram:
		return "微信"
	case inDouyin, inDouyinMiniProgram:
		return "抖音"
	default:
		return ""
	}
}

// appEnglish is the same in English.
func (c container) appEnglish() string {
	switch c {
	case inWeChat, inWeChatMiniProgram:
		return "WeChat"
	case inDouyin, inDouyinMiniProgram:
		return "Douyin"
	default:
		return ""
	}
}
