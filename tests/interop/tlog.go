// SPDX-License-Identifier: Apache-2.0

// An implementation of transparency logs that is not ours (golang.org/x/mod: sumdb/tlog, sumdb/note; Debian's
// golang-golang-x-mod-dev), to make C2SP tlog-tiles logs for sanjeh-verify and to check Sanjeh's. For tests only.
//
//	tlog make DIR ENTRIES NAME [SALT SKEYFILE]    prints the vkey
//	tlog check DIR|URL VKEY [CAFILE TOKENFILE]    prints "verified SIZE"
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "tlog:", err)
		os.Exit(1)
	}
}

// "tile/8/0/x001/067.p/5" of Go is "tile/0/x001/067.p/5" of C2SP.
func tilePath(t tlog.Tile) string {
	return "tile" + strings.TrimPrefix(t.Path(), "tile/"+strconv.Itoa(height))
}

func bundlePath(n, width int64) string {
	t := tlog.Tile{H: height, L: 0, N: n, W: int(width)}
	return "tile/entries" + strings.TrimPrefix(t.Path(), "tile/"+strconv.Itoa(height)+"/0")
}

// ---- making

func write(dir, name string, data []byte) {
	path := filepath.Join(dir, name)
	must(os.MkdirAll(filepath.Dir(path), 0o755))
	must(os.WriteFile(path, data, 0o644))
}

func signer(name, file string) note.Signer {
	skey, err := os.ReadFile(file)
	if err != nil {
		made, _, err := note.GenerateKey(rand.Reader, name)
		must(err)
		skey = []byte(made)
		must(os.WriteFile(file, skey, 0o600))
	}
	s, err := note.NewSigner(string(skey))
	must(err)
	return s
}

func makeLog(dir string, size int64, name, salt, file string) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			out[i] = stored[index]
		}
		return out, nil
	})
	var bundle bytes.Buffer
	for i := int64(0); i < size; i++ {
		text := fmt.Sprintf("entry %d%s", i, strings.Repeat("x", int(i%7)))
		if i >= 500 {
			text += salt
		}
		hashes, err := tlog.StoredHashes(i, []byte(text), reader)
		must(err)
		stored = append(stored, hashes...)
		var length [2]byte
		binary.BigEndian.PutUint16(length[:], uint16(len(text)))
		bundle.Write(length[:])
		bundle.WriteString(text)
		if i%256 == 255 || i == size-1 {
			write(dir, bundlePath(i/256, i%256+1), bundle.Bytes())
			bundle.Reset()
		}
	}
	for _, t := range tlog.NewTiles(height, 0, size) {
		data, err := tlog.ReadTileData(t, reader)
		must(err)
		write(dir, tilePath(t), data)
	}
	root, err := tlog.TreeHash(size, reader)
	must(err)
	text := fmt.Sprintf("%s\n%d\n%s\n", name, size, base64.StdEncoding.EncodeToString(root[:]))
	s := signer(name, file)
	signed, err := note.Sign(&note.Note{Text: text}, s)
	must(err)
	write(dir, "checkpoint", signed)
	skey, err := os.ReadFile(file)
	must(err)
	fmt.Println(publicOf(string(skey), name))
}

func publicOf(skey, name string) string {
	parts := strings.SplitN(skey, "+", 5) // PRIVATE, KEY, name, id, base64, which may have a + itself
	seed, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	must(err)
	vkey, err := note.NewEd25519VerifierKey(name, ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey))
	must(err)
	return vkey
}

// ---- checking

type place struct {
	base   string
	client *http.Client
	token  string
}

func (p *place) read(name string) ([]byte, error) {
	if !strings.Contains(p.base, "://") {
		return os.ReadFile(filepath.Join(p.base, name))
	}
	request, err := http.NewRequest("GET", strings.TrimSuffix(p.base, "/")+"/"+name, nil)
	if err != nil {
		return nil, err
	}
	if p.token != "" {
		request.Header.Set("Authorization", "Bearer "+p.token)
	}
	answer, err := p.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(io.LimitReader(answer.Body, 1<<25))
	if err == nil && answer.StatusCode != 200 {
		err = fmt.Errorf("%s: %s", name, answer.Status)
	}
	return data, err
}

func (p *place) Height() int { return height }
func (p *place) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, t := range tiles {
		data, err := p.read(tilePath(t))
		if err != nil {
			return nil, err
		}
		out[i] = data
	}
	return out, nil
}
func (p *place) SaveTiles([]tlog.Tile, [][]byte) {}

func openPlace(base string, rest []string) *place {
	p := &place{base: base, client: http.DefaultClient}
	if len(rest) == 2 {
		ca, err := os.ReadFile(rest[0])
		must(err)
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(ca)
		p.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
		token, err := os.ReadFile(rest[1])
		must(err)
		p.token = strings.TrimSpace(string(token))
	}
	return p
}

func openCheckpoint(p *place, vkey string) tlog.Tree {
	raw, err := p.read("checkpoint")
	must(err)
	verifier, err := note.NewVerifier(vkey)
	must(err)
	opened, err := note.Open(raw, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		must(fmt.Errorf("not a checkpoint of %s", verifier.Name()))
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := base64.StdEncoding.DecodeString(lines[2])
	must(err)
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree
}

// Every entry gives its leaf in the signed tree; TileHashReader authenticates each tile against the root.
func checkEntries(p *place, tree tlog.Tree, reader tlog.HashReader) {
	for n := int64(0); n*256 < tree.N; n++ {
		width := tree.N - n*256
		if width > 256 {
			width = 256
		}
		data, err := p.read(bundlePath(n, width))
		must(err)
		indexes := make([]int64, width)
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(0, n*256+int64(i))
		}
		leaves, err := reader.ReadHashes(indexes)
		must(err)
		for i := range indexes {
			if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
				must(fmt.Errorf("bundle %d is short", n))
			}
			length := int(binary.BigEndian.Uint16(data))
			if tlog.RecordHash(data[2:2+length]) != leaves[i] {
				must(fmt.Errorf("entry %d is not the one that was signed", n*256+int64(i)))
			}
			data = data[2+length:]
		}
		if len(data) != 0 {
			must(fmt.Errorf("bundle %d is long", n))
		}
	}
}

func checkTiles(p *place, tree tlog.Tree, reader tlog.HashReader) {
	for _, t := range tlog.NewTiles(height, 0, tree.N) {
		if t.W < 1<<height && int64(t.W) != (tree.N>>(height*uint(t.L)))%(1<<height) {
			continue // of a smaller tree: a log need not keep those for ever
		}
		want, err := tlog.ReadTileData(t, reader)
		must(err)
		have, err := p.read(tilePath(t))
		must(err)
		if !bytes.Equal(want, have) {
			must(fmt.Errorf("%s is not what the root covers", tilePath(t)))
		}
	}
}

func checkProofs(tree tlog.Tree, reader tlog.HashReader) {
	for _, n := range []int64{0, 1, tree.N / 3, tree.N / 2, tree.N - 1} {
		leaves, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, n)})
		must(err)
		proof, err := tlog.ProveRecord(tree.N, n, reader)
		must(err)
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, n, leaves[0]))
	}
	for _, n := range []int64{1, 2, tree.N / 3, tree.N / 2, tree.N - 1, tree.N} {
		if n < 1 {
			continue
		}
		old, err := tlog.TreeHash(n, reader)
		must(err)
		proof, err := tlog.ProveTree(tree.N, n, reader)
		must(err)
		must(tlog.CheckTree(proof, tree.N, tree.Hash, n, old))
	}
}

func main() {
	arguments := os.Args[1:]
	switch {
	case len(arguments) >= 4 && arguments[0] == "make":
		size, err := strconv.ParseInt(arguments[2], 10, 64)
		must(err)
		salt, file := "", filepath.Join(arguments[1], "skey")
		must(os.MkdirAll(arguments[1], 0o755))
		if len(arguments) == 6 {
			salt, file = arguments[4], arguments[5]
		}
		makeLog(arguments[1], size, arguments[3], salt, file)
	case len(arguments) >= 3 && arguments[0] == "check":
		p := openPlace(arguments[1], arguments[3:])
		tree := openCheckpoint(p, arguments[2])
		reader := tlog.TileHashReader(tree, p)
		checkEntries(p, tree, reader)
		checkTiles(p, tree, reader)
		checkProofs(tree, reader)
		fmt.Println("verified", tree.N)
	default:
		must(fmt.Errorf("make DIR ENTRIES NAME [SALT SKEYFILE] | check DIR|URL VKEY [CAFILE TOKENFILE]"))
	}
}
