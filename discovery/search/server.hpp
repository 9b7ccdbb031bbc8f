// SPDX-License-Identifier: LGPL-2.1-or-later
//
// BlockStorageServerNameCollection (MS-ISTD 3.3.1): the servers that answered, each once. Pure.
//
// Beyond the specification a server leaves: when it missed three searches in a row that asked on
// the interface that it was heard on, and where there would be more than `most`, the one that was
// not heard for longest.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::discovery {

struct Server {
    std::string name;          // szWtServerName
    std::uint32_t address = 0; // where its answer came from
    std::string interface;     // where it came in
    std::chrono::microseconds took{0};
    std::chrono::system_clock::time_point heard;

    bool operator==(const Server&) const = default;
};

class Collection {
  public:
    using Time = std::chrono::steady_clock::time_point; // whatever the wall clock is set to
    static constexpr unsigned kMisses = 3;

    explicit Collection(std::size_t most)
      : most_(most) {}

    // What of it is news: the server itself, where it has another address or interface, or nothing.
    // Names are compared without case. `gone` is who had to leave for it.
    enum class News : std::uint8_t { None, Moved, Added };
    struct Change {
        News news = News::None;
        std::optional<Server> gone;
    };
    Change add(const Server& server, Time now);

    // A search has ended that began at `since` and asked on `interface`, or on all where that is
    // empty. Returns who leaves.
    std::vector<Server> search_ended(Time since, std::string_view interface);

    // In the order in which they were found.
    std::vector<Server> servers() const;
    std::size_t size() const { return entries_.size(); }

  private:
    struct Entry {
        Server server;
        Time heard{};
        unsigned missed = 0;
    };
    std::size_t most_;
    std::vector<Entry> entries_;
};

} // namespace mpapi::discovery
