// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/bus/child_nodes.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace mpapi::bus {

int give_child_nodes(const std::vector<std::string>& paths, char*** nodes) {
    auto** list = static_cast<char**>(std::calloc(paths.size() + 1, sizeof(char*)));
    if (!list) return -ENOMEM;
    for (std::size_t at = 0; at < paths.size(); ++at) {
        list[at] = strdup(paths[at].c_str());
        if (list[at]) continue;
        for (char** each = list; *each; ++each)
            std::free(*each);
        std::free(list);
        return -ENOMEM;
    }
    *nodes = list;
    return 0;
}

} // namespace mpapi::bus
