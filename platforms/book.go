package platforms

import (
	"iter"
	"maps"
	"slices"

	"github.com/paymux/paymux/core"
)

// Book holds the rules of every platform. It never changes after [Load], so any number of
// goroutines may ask it.
type Book struct {
	files map[core.PlatformID]*platform
	ids   []core.PlatformID // sorted
}

var _ core.Rulebook = (*Book)(nil)

func newBook(files map[core.PlatformID]*platform) *Book {
	return &Book{files: files, ids: slices.Sorted(maps.Keys(files))}
}

// Platforms lists the platform ids that have a rule file, sorted.
func (b *Book) Platforms() []core.PlatformID { return slices.Clone(b.ids) }

// Rule is one rule as the book tells of it: which answer it gives, and how far it can be trusted.
type Rule struct {
	ID string
	// Allow is yes, no or unspecified; "" for a rule that asks for something (a door, a licence) or
	// bounds something (a limit).
	Allow string
	// Source, Date (yyyy-mm-dd) and Certainty are those of the rule file.
	Source, Date, Certainty string
}

// Rules lists every rule of a platform in the order of its file's sections; nil for an unknown
// platform.
func (b *Book) Rules(id core.PlatformID) []Rule {
	p, known := b.files[id]
	if !known {
		return nil
	}
	var all []Rule
	for r, allow := range p.rules() {
		all = append(all, Rule{ID: r.ID, Allow: string(allow), Source: r.Source, Date: r.Date, Certainty: r.Certainty})
	}
	return all
}

// rules yields every rule of the file with its answer: doors, licences, categories, features and
// what takes them away, limits.
func (p *platform) rules() iter.Seq2[rule, answer] {
	return func(yield func(rule, answer) bool) {
		for _, d := range p.Doors {
			if !yield(d.rule, "") {
				return
			}
		}
		for _, l := range p.Licences {
			if !yield(l.rule, "") {
				return
			}
		}
		for _, path := range slices.Sorted(maps.Keys(p.Categories)) {
			if c := p.Categories[path]; !yield(c.rule, c.Allow) {
				return
			}
		}
		for _, key := range slices.Sorted(maps.Keys(p.Features)) {
			f := p.Features[key]
			if !yield(f.rule, f.Allow) {
				return
			}
			for _, e := range f.NotWith {
				if !yield(e.rule, no) {
					return
				}
			}
		}
		for _, key := range slices.Sorted(maps.Keys(p.Limits)) {
			if !yield(p.Limits[key].rule, "") {
				return
			}
		}
	}
}

// Limit is a number that a platform's file bounds an amount by. The rulebook does not enforce
// amounts; whoever watches risk reads them.
type Limit struct {
	Name string // daily_per_buyer: per buyer, merchant and Shanghai day; review_above: per payment
	Fen  core.Fen
	// Example is true where the source gives the figure as an example: a merchant's own setting
	// goes before it.
	Example bool
	Rule    string
}

// Limits lists the amounts of a platform's file, sorted by name; nil for an unknown platform or
// where the file gives none.
func (b *Book) Limits(id core.PlatformID) []Limit {
	p, known := b.files[id]
	if !known {
		return nil
	}
	var limits []Limit
	for _, name := range slices.Sorted(maps.Keys(p.Limits)) {
		if l := p.Limits[name]; l.Fen > 0 {
			limits = append(limits, Limit{Name: name, Fen: l.Fen, Example: l.Example, Rule: l.ID})
		}
	}
	return limits
}
