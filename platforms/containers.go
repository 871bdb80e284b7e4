package platforms

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-playground/validator/v10"

	"github.com/paymux/paymux/core"
)

//go:embed containers.yaml
var shippedContainers []byte

// maxUserAgent is how much of a user agent is looked at; what apps add stands within it.
const maxUserAgent = 2 << 10

// containerFile is containers.yaml: what each key means stands at its top.
type containerFile struct {
	Containers []container `yaml:"containers" validate:"required,min=1,max=64,dive"`
}

type container struct {
	ID        string     `yaml:"id" validate:"required,key"`
	Name      *text      `yaml:"name" validate:"required"`
	Marks     [][]string `yaml:"marks" validate:"required,min=1,max=4,dive,min=1,max=16,dive,min=4,max=40"`
	Cashier   answer     `yaml:"cashier" validate:"required,oneof=yes no unspecified"`
	Menu      answer     `yaml:"menu" validate:"required,oneof=yes no"`
	Source    string     `yaml:"source" validate:"required,max=300"`
	Date      string     `yaml:"date" validate:"required,datetime=2006-01-02"`
	Certainty string     `yaml:"certainty" validate:"required,oneof=official_docs source_document secondary unverified"`
}

// Containers recognises the apps of containers.yaml. It never changes after LoadContainers.
type Containers struct{ list []container }

var _ core.Containers = (*Containers)(nil)

// EmbeddedContainers returns the file that is part of the program, for [LoadContainers].
func EmbeddedContainers() []byte { return slices.Clone(shippedContainers) }

// LoadContainers reads a containers file. Whatever is wrong with it comes back at once, joined.
func LoadContainers(content []byte) (*Containers, error) {
	const name = "containers.yaml"
	var file containerFile
	if err := decode(name, content, &file); err != nil {
		return nil, err
	}
	var problems []error
	complain := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: %s", name, fmt.Sprintf(format, args...)))
	}
	if fields, ok := errors.AsType[validator.ValidationErrors](newChecker().shape.Struct(file)); ok {
		for _, f := range fields {
			_, key, _ := strings.Cut(f.Namespace(), ".")
			complain("%s: must satisfy %s", key, strings.TrimSpace(f.Tag()+" "+f.Param()))
		}
	}
	for i, c := range file.Containers {
		for _, mark := range slices.Concat(c.Marks...) {
			if mark != strings.ToLower(mark) {
				complain("%s: the mark %q is never found: marks are lower case", c.ID, mark)
			}
		}
		for _, before := range file.Containers[:i] {
			if before.ID == c.ID {
				complain("%s: stands twice", c.ID)
			} else if before.covers(c) {
				complain("%s: is never reached, %s before it takes everything", c.ID, before.ID)
			}
		}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return &Containers{list: file.Containers}, nil
}

// ContainerOf implements core.Containers.
func (c *Containers) ContainerOf(userAgent string) core.Container {
	ua := strings.ToLower(userAgent[:min(len(userAgent), maxUserAgent)])
	for _, one := range c.list {
		if one.in(ua) {
			return core.Container{
				ID: one.ID, Name: one.Name.words(), Leave: one.Cashier != yes, Doubtful: one.Cashier == unspecified, Menu: one.Menu == yes,
			}
		}
	}
	return core.Container{}
}

// in tells whether a lower-cased user agent has a mark of each group.
func (c container) in(ua string) bool {
	return !slices.ContainsFunc(c.Marks, func(group []string) bool {
		return !slices.ContainsFunc(group, func(mark string) bool { return strings.Contains(ua, mark) })
	})
}

// covers tells whether everything that meets the marks of another meets those of c as well.
func (c container) covers(other container) bool {
	return !slices.ContainsFunc(c.Marks, func(mine []string) bool {
		return !slices.ContainsFunc(other.Marks, func(theirs []string) bool {
			return !slices.ContainsFunc(theirs, func(mark string) bool {
				return !slices.ContainsFunc(mine, func(part string) bool { return strings.Contains(mark, part) })
			})
		})
	})
}
