package alipay

import (
	"fmt"
	"maps"
)

const (
	maxBillOpen    = 12   // rows of one file that wait for its totals
	maxBillChoices = 4096 // ways to choose a reading for each of them
)

// openRow is a row whose cells can be read in several ways that differ in what
// counts. The file's totals, which stand at its end, choose.
type openRow struct {
	line     int
	readings []billReading
}

func (o openRow) row(columns []billColumn, reading int) BillRow {
	return BillRow{Line: o.line, columns: columns, cells: o.readings[reading].cells}
}

// settleOpen takes of each open row the reading that it has in every choice
// under which the file's totals are its rows'. A row without one is refused.
func (r *billReader) settleOpen() error {
	if len(r.open) == 0 {
		return nil
	}
	agreed := r.agreed()
	for i, o := range r.open {
		if agreed == nil || agreed[i] < 0 {
			err := fmt.Errorf("%w: %d readings, and the file's totals do not tell", ErrBillAmbiguous, len(o.readings))
			if err := r.refuse(o.line, err); err != nil {
				return err
			}
			continue
		}
		if err := r.accept(o.row(r.columns, agreed[i])); err != nil {
			return err
		}
	}
	return nil
}

// agreed is the reading of each open row that all fitting choices share, -1
// where they differ; nil when no choice fits, or when rows that were refused
// make the totals worthless.
func (r *billReader) agreed() []int {
	choices := 1
	for _, o := range r.open {
		choices = min(choices*len(o.readings), maxBillChoices+1)
	}
	if choices > maxBillChoices || len(r.refused) > 0 || len(r.totals.stated) == 0 {
		return nil
	}
	var agreed []int
	chosen := make([]int, len(r.open))
	for choice := range choices {
		totals := billTotals{stated: r.totals.stated, read: maps.Clone(r.totals.read)}
		fits := true
		for i, o := range r.open {
			chosen[i] = choice % len(o.readings)
			choice /= len(o.readings)
			fits = fits && totals.add(r.info.Kind, o.row(r.columns, chosen[i])) == nil
		}
		if !fits || totals.compare(r.info.Kind) != nil {
			continue
		}
		if agreed == nil {
			agreed = append(agreed, chosen...)
		}
		for i := range agreed {
			if agreed[i] != chosen[i] {
				agreed[i] = -1
			}
		}
	}
	return agreed
}
