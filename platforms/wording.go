package platforms

import (
	"fmt"
	"strings"

	"github.com/paymux/paymux/core"
)

// sourceConfiguration is the source of a refusal that no platform spoke.
const sourceConfiguration = "configuration"

// unknownPlatform refuses a platform that has no rule file.
func (b *Book) unknownPlatform(id core.PlatformID) core.Refusal {
	known := make([]string, len(b.ids))
	for i, k := range b.ids {
		known[i] = string(k)
	}
	list := strings.Join(known, ", ")
	return core.Refusal{
		Layer: core.LayerPlatform, Code: core.CodeUnknownPlatform, Rule: "platforms", Source: sourceConfiguration,
		Message: core.Words{ZH: fmt.Sprintf("没有平台 %q 的规则。", id), EN: fmt.Sprintf("There are no rules for a platform %q.", id)},
		Remedy:  core.Words{ZH: fmt.Sprintf("请使用 %s 之一。", list), EN: fmt.Sprintf("Name one of %s.", list)},
	}
}

// unknownCategory refuses a category that is not in the tree: it is under no root, or not spelled
// as a path of lower-case names.
func (p *platform) unknownCategory(path string) core.Refusal {
	roots := strings.Join(core.RootCategories(), ", ")
	return core.Refusal{
		Layer: core.LayerPlatform, Code: core.CodeGoodsCategoryForbidden, Rule: string(p.ID) + "_categories", Source: sourceConfiguration,
		Message: core.Words{ZH: fmt.Sprintf("商品类目 %q 不存在。", path), EN: fmt.Sprintf("There is no goods category %q.", path)},
		Remedy: core.Words{
			ZH: fmt.Sprintf("类目以 %s 之一开头，用小写字母、数字和点，如 physical.food。", roots),
			EN: fmt.Sprintf("A category begins with one of %s and is in lower case, with dots between levels: physical.food.", roots),
		},
	}
}

// switchedOff refuses a feature that the product team turned off. The rule is the feature's own:
// that is the name of the switch.
func (p *platform) switchedOff(key core.Feature) core.Refusal {
	return core.Refusal{
		Layer: core.LayerFeature, Code: core.CodeFeatureOff, Rule: p.Features[key].ID, Source: sourceConfiguration,
		Message: core.Words{ZH: fmt.Sprintf("%s的功能 %s 已被关闭。", p.Name.ZH, key), EN: fmt.Sprintf("The feature %s is switched off on %s.", key, p.ID)},
		Remedy: core.Words{
			ZH: fmt.Sprintf("在商户配置的 features 中将平台 %s 的 %s 设为 enabled: true。", p.ID, key),
			EN: fmt.Sprintf("Under features in the merchant's configuration, set enabled: true for %s on %s.", key, p.ID),
		},
	}
}

// overridden warns that a yes rests on an override, by whom and why: the reason is in the language
// of whoever gave it.
func overridden(r *rule, o core.Override) core.Warning {
	return core.Warning{Code: CodeRuleOverridden, Rule: r.ID, Message: core.Words{
		ZH: fmt.Sprintf("规则 %s 由 %s 以具名例外打开：%s", r.ID, o.By, o.Reason), EN: fmt.Sprintf("Rule %s was opened by %s: %s", r.ID, o.By, o.Reason),
	}}
}
