package config

import (
	"fmt"
	"os"
)

// leastArchiveDays is longer than refunds are possible, and than their messages may take.
const leastArchiveDays = 400

// checkRetention wants orders to stay as long as anything may need them: a refund, a late message,
// or a row that has an end of its own. Archives hold books, so nobody else may write where they
// are.
func checkRetention(r Retention, problems *Problems) {
	const days, dir = "retention.archive_days", "retention.archive_dir"
	switch {
	case r.ArchiveDays == 0 && r.ArchiveDir == "":
		return
	case r.ArchiveDays == 0:
		problems.add(dir, "is set, and archive_days is not", "set archive_days, or take archive_dir out")
		return
	case r.ArchiveDays < leastArchiveDays:
		problems.add(days, fmt.Sprintf("is %d", r.ArchiveDays),
			fmt.Sprintf("write %d or more, or 0 for never: refunds are possible for a year, and messages about them come late", leastArchiveDays))
	case r.ArchiveDays < r.InboxDays:
		problems.add(days, "is shorter than inbox_days", "an order stays until its messages are deleted: write the same or more")
	}
	if r.ArchiveDir == "" {
		problems.add(dir, "is missing", "name the folder that archives are written into")
		return
	}
	if err := guardedFolder(r.ArchiveDir); err != nil {
		problems.add(dir, err.Error(), "make a folder that only the user who runs paymux may write: install -d -m 700 "+quoted(r.ArchiveDir))
	}
}

// guardedFolder refuses what is no folder, and one in which somebody else could put or change
// something, by its own mode or by that of a folder on the way to it.
func guardedFolder(name string) error {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return fmt.Errorf("cannot be used: %w", err)
	case !info.IsDir():
		return fmt.Errorf("%s is no folder", name)
	case !ModesCount:
		return nil
	case info.Mode().Perm()&writableByOthers != 0: // sticky or not
		return &exposed{name, fmt.Sprintf("is a folder in which others can put files (mode %04o)", info.Mode().Perm()), "chmod go-w " + quoted(name)}
	}
	return onTheWay(name, judgeStep)
}
