package pluginhost

import (
	"fmt"
	"io/fs"
	"syscall"
)

// identityOf names a file's state: it differs when the content does, since no
// program can set the time of change (ctime).
func identityOf(info fs.FileInfo) (identity string, known bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "", false
	}
	return fmt.Sprintf("%d/%d/%d/%d.%d/%d.%d", stat.Dev, stat.Ino, stat.Size,
		stat.Mtimespec.Sec, stat.Mtimespec.Nsec, stat.Ctimespec.Sec, stat.Ctimespec.Nsec), true
}
