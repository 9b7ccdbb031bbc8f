// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Each search as an object, /org/mpapi/Discovery1/job/NUMBER. Loop thread only.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"
#include "discovery/bus/callers.hpp"
#include "discovery/search/searches.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace mpapi::discovery {

std::string search_path(std::uint64_t number);

class SearchObjects {
  public:
    // All three outlive it.
    static Result<std::unique_ptr<SearchObjects>> publish(sd_bus* bus, Callers& callers,
                                                          Searches& searches);
    SearchObjects(const SearchObjects&) = delete;
    SearchObjects& operator=(const SearchObjects&) = delete;

    void added(const Search& search);
    void changed(const Search& search);
    void removed(const Search& search);
    void answered(const Search& search, const Server& server);

  private:
    struct Calls;
    friend struct Calls;

    SearchObjects(sd_bus* bus, Callers& callers, Searches& searches);
    Status start();
    void cancel(sd_bus_message* call, std::uint64_t number);

    sd_bus* bus_;
    Callers& callers_;
    Searches& searches_;
    const Search* found_ = nullptr; // for the call of sd-bus under way
    BusSlot objects_, enumerator_;
};

} // namespace mpapi::discovery
