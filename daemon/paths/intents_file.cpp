// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/intents_file.hpp"

#include "common/system/read_file.hpp"
#include "common/system/replace_file.hpp"
#include "daemon/paths/disabled_record.hpp"
#include "daemon/paths/intents_text.hpp"

#include <cerrno>
#include <cstdio>

namespace mpapi::paths {

namespace {

constexpr std::size_t kFileLimit = std::size_t{64} << 20; // every path of 10 000 units named twice

} // namespace

Result<IntentsFile::Content> IntentsFile::read() const {
    Content content;
    const auto text = read_file(path_, kFileLimit);
    if (text || text.error().errnum != ENOENT) {
        auto intents = text ? parse_intents(*text, path_) : Result<Intents>(text.error());
        if (intents) {
            content.intents = std::move(*intents);
        } else {
            const std::string aside = path_ + ".damaged";
            if (std::rename(path_.c_str(), aside.c_str()) < 0)
                return Error{"set aside", path_, intents.error().message(), errno};
            content.notices.push_back(intents.error().message() + "; set aside as " + aside +
                                      ": settings made through mpapid are not known any more");
        }
    }
    auto disabled = read_disabled_record(record_);
    if (!disabled) return disabled.error();
    content.intents.disabled = std::move(disabled->paths);
    const auto& damaged = disabled->damaged_lines;
    if (!damaged.empty())
        content.notices.push_back(
            record_ + ": line " + std::to_string(damaged.front()) + " says nothing of a path" +
            (damaged.size() > 1 ? ", nor do " + std::to_string(damaged.size() - 1) + " more" : "") +
            "; such lines are lost when the next path is disabled or enabled");
    return content;
}

Status IntentsFile::write(const Intents& before, const Intents& wanted) const {
    if (before.disabled != wanted.disabled)
        if (auto written = write_disabled_record(record_, wanted.disabled); !written)
            return written;
    if (before.everywhere == wanted.everywhere && before.units == wanted.units) return Done{};
    Intents others = wanted;
    others.disabled.clear();
    if (others == Intents()) return remove_file(path_);
    return replace_file(path_, intents_text(others), 0600);
}

} // namespace mpapi::paths
