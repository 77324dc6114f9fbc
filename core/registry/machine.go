package registry

import (
	"archive/tar"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// mostRead bounds what is unpacked of an image to find a program in it.
const mostRead = 64 << 20

// Architecture is what the programs of an image (not of an index) are made for,
// such as amd64, as the first one in it says: builders write the platform that
// they were asked for into images of another one. It is "" where the image has
// no program in the usual places near its beginning.
func (c *Client) Architecture(ctx context.Context, reference string) (string, error) {
	ref, err := c.parse(reference)
	if err != nil {
		return "", err
	}
	if err := c.start(); err != nil {
		return "", err
	}
	action := "look into image " + reference
	d, err := c.puller.Get(ctx, ref)
	if err != nil {
		return "", c.failure(ctx, action, ref, err)
	}
	im, err := d.Image()
	if err != nil {
		return "", c.failure(ctx, action, ref, err)
	}
	layers, err := im.Layers()
	if err != nil {
		return "", c.failure(ctx, action, ref, err)
	}
	left := int64(mostRead)
	for _, layer := range layers {
		found, read, err := programIn(layer, left)
		if err != nil {
			return "", c.failure(ctx, action, ref, err)
		}
		if left -= read; found != "" || left <= 0 {
			return found, nil
		}
	}
	return "", nil
}

// programIn is what the first program in a layer is made for. It reads no
// further than that.
func programIn(layer v1.Layer, most int64) (found string, read int64, err error) {
	content, err := layer.Uncompressed()
	if err != nil {
		return "", 0, err
	}
	defer content.Close()
	counted := &counting{from: io.LimitReader(content, most)}
	archive := tar.NewReader(counted)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) && counted.read >= most {
			return "", counted.read, nil
		}
		if err != nil {
			return "", counted.read, fmt.Errorf("read a layer: %w", err)
		}
		if header.Typeflag != tar.TypeReg || header.Size < elfHead || !isProgramPath(header.Name) {
			continue
		}
		var head [elfHead]byte
		if _, err := io.ReadFull(archive, head[:]); err != nil {
			return "", counted.read, fmt.Errorf("read a layer: %w", err)
		}
		if a := machineOf(head[:]); a != "" {
			return a, counted.read, nil
		}
	}
}

// isProgramPath reports whether a file is where a system has its own programs.
// Elsewhere may be those of other machines, such as firmware.
func isProgramPath(name string) bool {
	switch strings.TrimPrefix(path.Dir(path.Clean("/"+name)), "/usr") {
	case "/bin", "/sbin":
		return true
	}
	return false
}

// elfHead is how much of a program's head says which machine it is for.
const elfHead = 20

// machineOf reads the head of an ELF file; "" is for what is none, or for a
// machine that has no name here.
func machineOf(head []byte) string {
	if string(head[:4]) != "\x7fELF" {
		return ""
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if head[5] == 2 {
		order = binary.BigEndian
	}
	switch order.Uint16(head[18:]) {
	case 3:
		return "386"
	case 8:
		return "mips"
	case 20, 21:
		return "ppc64"
	case 22:
		return "s390x"
	case 40:
		return "arm"
	case 62:
		return "amd64"
	case 183:
		return "arm64"
	case 243:
		return "riscv64"
	case 258:
		return "loong64"
	}
	return ""
}

type counting struct {
	from io.Reader
	read int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.read += int64(n)
	return n, err
}
