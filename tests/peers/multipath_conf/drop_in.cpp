// SPDX-License-Identifier: LGPL-2.1-or-later
//
// drop-in --name           prints what our file is called
// drop-in --write FILE     writes it, for what is asked for below
// drop-in SHOWN FILE...    prints what SHOWN has instead of what is asked for, and which of the
//                          files, in the order they are read, says so; "revision" where it is of
//                          another version of ours
#include "daemon/multipathd/drop_in.hpp"
#include "daemon/multipathd/proof.hpp"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string_view>
#include <vector>

using namespace mpapi;

namespace {

paths::Intents asked() {
    paths::Intents intents;
    intents.everywhere.selector = "queue-length 0";
    intents.everywhere.auto_failback = true;
    intents.everywhere.failback_rate = 30;
    intents.everywhere.probing_rate = 7;
    intents.units["w0"].settings.selector = "historical-service-time 2 20 5";
    intents.units["w 2#{}!"].settings.auto_failback = false;
    intents.units["w1"].settings.auto_failback = true;
    intents.units["w3"].override_path = {"3", "i", "t", 0};
    return intents;
}

std::string read(const char* name) {
    std::ifstream stream(name, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(stream), {});
}

} // namespace

int main(int count, char** arguments) {
    if (count == 2 && std::string_view(arguments[1]) == "--name") {
        std::printf("%s\n", multipathd::drop_in_path);
        return 0;
    }
    const auto made = multipathd::drop_in(asked());
    if (count < 3 || !made) return 2;
    if (std::string_view(arguments[1]) == "--write") {
        std::ofstream(arguments[2]) << made->text;
        return 0;
    }
    const auto shown = multipath_conf::parse("show config", read(arguments[1]));
    if (!shown) return 2;
    if (multipathd::loaded_revision(*shown) != made->revision) {
        std::printf("revision\n");
        return 1;
    }
    std::vector<multipath_conf::ConfFile> files;
    for (int i = 2; i < count; ++i) {
        auto file = multipath_conf::parse(arguments[i], read(arguments[i]));
        if (!file) return 2;
        // As it is called where it belongs.
        const std::string_view name = arguments[i];
        if (const auto etc = name.find("/etc/"); etc != std::string_view::npos)
            file->name = name.substr(etc);
        files.push_back(*std::move(file));
    }
    const std::string found = multipathd::contradiction({}, asked(), *shown, files);
    std::printf("%s\n", found.c_str());
    return found.empty() ? 0 : 1;
}
