// Package platforms answers what a host platform permits. The rules are data: one YAML file per
// platform under rules/.
//
// [Load] decodes and validates the files into a [Book]; the Book implements core.Rulebook. Read in
// this order:
//
//	rule.go       the shape of a rule file
//	load.go       files to Book: strict decoding, unknown keys refused by file, line and key
//	validate.go   what a well-formed file must say
//	book.go       the Book, and what it tells about itself
//	decide.go     one ask, four layers, every no with its reason
//	offer.go      the same answers, laid out for a product team
//	holdings.go   what in a merchant's configuration the rules do not know
//	wording.go    the texts of refusals that no rule file words
//
// The package knows rule files and how layers combine. It must not know orders, money movements,
// gateways, HTTP or the configuration file; it holds no clock and no state, and a Book never
// changes after Load. No platform is named in its code.
package platforms
