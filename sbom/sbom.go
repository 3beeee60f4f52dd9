// Package sbom lists the parts of a Go program as an SPDX 2.3 document.
package sbom

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"
)

// About is what the program itself does not contain.
type About struct {
	Name    string    // of the app
	Version string    // of the app: a commit, a build
	MadeAt  time.Time // the time of the document, so that it can be reproduced
	Folders []Folder  // the modules that come from a folder
}

// A Folder is a module that comes from a folder, whose version the program does
// not contain.
type Folder struct {
	Module   string
	Commit   string // of its repository; "" if there is none
	Modified bool   // the folder differed from the commit
}

// source describes where the code of the module is found.
func (f Folder) source() string {
	switch {
	case f.Commit == "":
		return "a folder that is in no commit"
	case f.Modified:
		return "a folder that differed from commit " + f.Commit + " of its repository"
	}
	return "commit " + f.Commit + " of its repository"
}

const unsaid = "NOASSERTION"

// Of reads what the Go toolchain wrote into an executable and lists its
// modules, with the toolchain's standard library, as JSON. The same program and
// the same About give the same bytes.
func Of(program string, about About) ([]byte, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, fmt.Errorf("sbom: %w: only what the Go toolchain linked can be read", err)
	}
	sum, err := digest(program)
	if err != nil {
		return nil, fmt.Errorf("sbom: %w", err)
	}
	app := &v2_3.Package{
		PackageName: about.Name, PackageVersion: about.Version, PackageSPDXIdentifier: "Package-app",
		PackageDownloadLocation: unsaid, PackageLicenseConcluded: unsaid, PackageLicenseDeclared: unsaid, PackageCopyrightText: unsaid,
		PrimaryPackagePurpose: "APPLICATION", PackageChecksums: []common.Checksum{{Algorithm: common.SHA256, Value: sum}},
		PackageSourceInfo: "built from " + info.Path,
	}
	doc := &v2_3.Document{
		SPDXVersion: v2_3.Version, DataLicense: v2_3.DataLicense, SPDXIdentifier: "DOCUMENT",
		DocumentName: about.Name, DocumentNamespace: "https://spdx.org/spdxdocs/" + about.Name + "-" + sum,
		CreationInfo: &v2_3.CreationInfo{
			Creators: []common.Creator{{CreatorType: "Tool", Creator: "gorgon"}},
			Created:  about.MadeAt.UTC().Format(time.RFC3339),
		},
		Packages:      []*v2_3.Package{app},
		Relationships: []*v2_3.Relationship{relate("DOCUMENT", common.TypeRelationshipDescribe, "Package-app")},
	}
	add := func(id, name, version, location, purl, source string) {
		doc.Packages = append(doc.Packages, &v2_3.Package{
			PackageName: name, PackageVersion: version, PackageSPDXIdentifier: common.ElementID(id),
			PackageDownloadLocation: location, PackageLicenseConcluded: unsaid, PackageLicenseDeclared: unsaid, PackageCopyrightText: unsaid,
			PrimaryPackagePurpose: "LIBRARY", PackageSourceInfo: source,
			PackageExternalReferences: []*v2_3.PackageExternalReference{{
				Category: common.CategoryPackageManager, RefType: common.TypePackageManagerPURL, Locator: purl,
			}},
		})
		doc.Relationships = append(doc.Relationships, relate("Package-app", common.TypeRelationshipDependsOn, id))
	}
	toolchain := strings.TrimPrefix(strings.Fields(info.GoVersion)[0], "go")
	add("Package-stdlib", "stdlib", toolchain, "https://go.dev/dl/", "pkg:golang/stdlib@"+toolchain, "the Go toolchain's standard library")
	for n, dep := range info.Deps {
		path, version, sum := dep.Path, dep.Version, dep.Sum
		if dep.Replace != nil {
			path, version, sum = dep.Replace.Path, dep.Replace.Version, dep.Replace.Sum
		}
		location, purl, source := unsaid, "", ""
		if version == "" || version == "(devel)" {
			// The path of a folder is specific to this machine.
			path, version, source = dep.Path, "", "a folder"
			if i := slices.IndexFunc(about.Folders, func(f Folder) bool { return f.Module == dep.Path }); i >= 0 {
				version, source = about.Folders[i].Commit, about.Folders[i].source()
			}
		} else {
			location = "https://" + path
			if sum != "" {
				source = "go.sum " + sum
			}
		}
		if purl = "pkg:golang/" + path; version != "" {
			purl += "@" + strings.ReplaceAll(version, "+", "%2B")
		}
		add(fmt.Sprintf("Package-module-%d", n+1), path, version, location, purl, source)
	}
	var out bytes.Buffer
	if err := spdxjson.Write(doc, &out, spdxjson.Indent("  "), spdxjson.EscapeHTML(false)); err != nil {
		return nil, fmt.Errorf("sbom: %w", err)
	}
	return out.Bytes(), nil
}

func relate(a, how, b string) *v2_3.Relationship {
	return &v2_3.Relationship{
		RefA: common.MakeDocElementID("", a), Relationship: how, RefB: common.MakeDocElementID("", b),
	}
}

func digest(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
