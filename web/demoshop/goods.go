package demoshop

// good is one thing on the shelf.
type good struct {
	ID, Name, English, Category, Kind, KindEnglish string
	PriceFen                                       int64
}

// shelf is what the shop sells: one of each root category, so that a person meets every rule.
func shelf() []good {
	return []good{
		{ID: "tea", Name: "明前龙井 100 克", English: "Longjing tea, 100 g", Category: "physical.food", Kind: "实物", KindEnglish: "physical", PriceFen: 12800},
		{ID: "cleaning", Name: "上门保洁 2 小时", English: "Home cleaning, 2 h", Category: "service", Kind: "服务", KindEnglish: "service", PriceFen: 9900},
		{ID: "video", Name: "视频会员 1 个月", English: "Video pass, 1 month", Category: "virtual", Kind: "虚拟", KindEnglish: "virtual", PriceFen: 2500},
	}
}

func goodByID(id string) (good, bool) {
	for _, g := range shelf() {
		if g.ID == id {
			return g, true
		}
	}
	return good{}, false
}

// phone is one host app that the shop lives in.
type phone struct {
	Platform, Name, English string
	// Agent is what the in-app browser calls itself; "" where the shop is a native mini-program.
	Agent string
	// Door says how the buyer gets from here to Alipay.
	Door, DoorEnglish string
}

func phones() []phone {
	return []phone{
		{
			Platform: "wechat", Name: "微信", English: "WeChat",
			Agent: "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0.0.0 Mobile Safari/537.36 " +
				"MicroMessenger/8.0.50.2701(0x28003257) WeChat/arm64 Weixin NetType/WIFI Language/zh_CN",
			Door: "引导到外部浏览器付款", DoorEnglish: "guides to an external browser",
		},
		{
			Platform: "alipay", Name: "支付宝", English: "Alipay",
			Door: "小程序内 my.tradePay", DoorEnglish: "native, my.tradePay",
		},
		{
			Platform: "douyin", Name: "抖音", English: "Douyin",
			Agent: "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0.0.0 Mobile Safari/537.36 " +
				"aweme_300500 JsSdk/1.0 NetType/WIFI AppName/aweme app_version/30.5.0 ByteLocale/zh-CN",
			Door: "浏览器 H5，只售实物", DoorEnglish: "H5 in a browser, physical goods only",
		},
	}
}

func phoneOf(platform string) (phone, bool) {
	for _, p := range phones() {
		if p.Platform == platform {
			return p, true
		}
	}
	return phone{}, false
}

// plan is a way to pay by Huabei.
type plan struct {
	Periods       int
	Name, English string
}

func plans() []plan {
	return []plan{
		{0, "不用花呗", "none"}, {1, "花呗付清", "in one sum"}, {3, "3 期", "3 months"}, {6, "6 期", "6 months"}, {12, "12 期", "12 months"},
	}
}
