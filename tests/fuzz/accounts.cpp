// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The accounts file: what was read is written to text that reads the same.
#include "clusprep/rpc/auth/accounts/account_file.hpp"

#include <cstdlib>

using namespace mpapi::rpc;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto list = AccountList::parse({reinterpret_cast<const char*>(data), size});
    if (!list) return 0;
    const auto again = AccountList::parse(list->text());
    if (!again || !(*again == *list)) std::abort();
    for (const auto& [key, account] : list->all())
        if (list->find(key) != &account || !AccountList::check_name(account.name)) std::abort();
    return 0;
}
