// SPDX-License-Identifier: LGPL-2.1-or-later
//
// compare SHOWN FILE...: reads the files and what multipath-tools show after reading them, and
// prints each setting of a few maps for which our reading of the files differs from theirs.
#include "common/multipath_conf/effective.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>

using namespace mpapi::multipath_conf;

namespace {

int differences = 0;

void differs(const MapIdentity& map, const Setting& ours, const char* what) {
    std::printf("%s %s %s: %s = \"%s\" (%s:%u): %s\n", map.wwid.c_str(), map.product.c_str(),
                map.protocol.c_str(), ours.key.c_str(), ours.value.c_str(), ours.file.c_str(),
                ours.line, what);
    ++differences;
}

ConfFile read(const char* name) {
    std::ifstream stream(name, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(stream), {});
    auto file = parse(name, text);
    if (!stream || !file) {
        std::printf("cannot read %s\n", name);
        std::exit(2);
    }
    return std::move(*file);
}

void compare(const MapIdentity& map, EffectiveSettings& from_files, EffectiveSettings& from_both) {
    const auto theirs = from_both.of(map);
    for (const Setting& ours : from_files.of(map)) {
        const auto found = std::find_if(theirs.begin(), theirs.end(),
                                        [&](const Setting& s) { return s.key == ours.key; });
        if (found == theirs.end())
            differs(map, ours, "they show no such setting");
        else if (!found->written.empty())
            differs(map, ours, ("they show \"" + found->value + "\"").c_str());
        else if (found->file != ours.file || found->line != ours.line ||
                 found->source != ours.source)
            differs(map, ours, ("they have it from elsewhere. " + found->note).c_str());
    }
}

} // namespace

int main(int count, char** arguments) {
    if (count < 3) return 2;
    const std::optional<ConfFile> shown = read(arguments[1]);
    for (const Problem& problem : shown->problems) {
        std::printf("what they show, line %u: %s\n", problem.line, problem.text.c_str());
        ++differences;
    }
    std::vector<ConfFile> files;
    for (int i = 2; i < count; ++i)
        files.push_back(read(arguments[i]));
    EffectiveSettings from_files(files, std::nullopt);
    EffectiveSettings from_both(files, shown);
    for (const char* wwid : {"w0", "w1", "w 2", "other"})
        for (const char* product : {"P0", "P1", "P 2\"", "xP1x"})
            for (const char* protocol : {"scsi:fcp", "scsi:iscsi", ""})
                compare({wwid, "ACME", product, "1.0", protocol}, from_files, from_both);
    return differences == 0 ? 0 : 1;
}
