package core

// Platform, channel and gateway are three things: where the buyer is, how money is taken there, and
// whom we talk to.

// PlatformID names a host platform, and is the id of a rule file, such as "wechat". Code never
// switches on it.
type PlatformID string

// ChannelID names one way to take money, such as "wechat_h5".
type ChannelID string

// GatewayID names whom we talk to.
type GatewayID string

// Environment separates play money from real money; it is stamped on every account and payment.
type Environment string

// The environments.
const (
	Sandbox    Environment = "sandbox"
	Production Environment = "production"
)

// Feature is something a product team can switch off for a platform.
type Feature string

// The features known so far. Huabei in one sum (pcredit) and Huabei by instalments are two
// features.
const (
	FeaturePay               Feature = "pay"
	FeatureHuabei            Feature = "huabei"
	FeatureHuabeiInstalments Feature = "huabei_instalments"
	FeatureRefund            Feature = "refund"
)
