// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The block storage discoverer's part of MS-ISTD (3.2.4, 3.3.5.2): searches that listen for answers
// until their timer is over (3.3.2, 3.3.6), and the collection of who answered. No socket, no loop
// and no clock in here: an observer is told what to show and when to call again.
//
// An answer is verified in the order of 3.3.5.2, and taken only while a search listens on the
// interface that it came in on; of one source, sixteen names. What nobody asked for is counted.
#pragma once

#include "common/result.hpp"
#include "discovery/network/interface.hpp"
#include "discovery/search/server.hpp"
#include "discovery/service/mail.hpp"
#include "discovery/service/outcome.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <sys/types.h>

namespace mpapi::discovery {

struct Search {
    enum class State : std::uint8_t { Running, Done, Failed, Canceled };

    std::uint64_t number = 0; // from 1, in the order in which they began
    State state = State::Running;
    std::string interface; // empty: all
    std::string message;   // why it failed
    std::size_t found = 0; // servers that answered it
    uid_t user = 0;        // who asked for it
    std::chrono::steady_clock::time_point began, until;
    std::chrono::system_clock::time_point began_at;
};

const char* name_of(Search::State state); // the words of the bus

// Told from within calls of Searches; must not call back.
class SearchObserver {
  public:
    virtual void search_added(const Search& search) = 0;
    virtual void search_changed(const Search& search) = 0; // state, message or what it found
    virtual void search_removed(const Search& search) = 0;
    // A server answered a search for the first time.
    virtual void server_answered(const Search& search, const Server& server) = 0;
    virtual void server_added(const Server& server) = 0;
    virtual void server_moved(const Server& server) = 0;
    virtual void server_gone(const Server& server) = 0;
    // When pass() is to be called; nothing: not until told otherwise.
    virtual void due_at(std::optional<std::chrono::steady_clock::time_point> when) = 0;

  protected:
    ~SearchObserver() = default;
};

class Searches {
  public:
    using Time = std::chrono::steady_clock::time_point;

    struct Clocks {
        std::function<Time()> now;
        std::function<std::chrono::system_clock::time_point()> realtime;
    };
    struct Request {
        std::string interface; // empty: all
        std::chrono::milliseconds timeout{3000};
        uid_t user = 0;
    };
    // Sends the question; what it could not do is why the search fails.
    using Ask = std::function<Status(const std::string& interface)>;

    static constexpr std::size_t kMostRunning = 16;
    static constexpr std::size_t kMostNewer = 64; // than one that has ended
    static constexpr std::chrono::minutes kKept{10};
    static constexpr std::size_t kMostServers = 4096;
    static constexpr std::size_t kNamesOfOneSource = 16;

    explicit Searches(Clocks clocks);
    Searches(const Searches&) = delete;
    Searches& operator=(const Searches&) = delete;

    // Null: none.
    void set_observer(SearchObserver* observer) { observer_ = observer; }

    // Listens first, then asks. A question that could not be sent fails the search, not the call:
    // EBUSY where there are too many already.
    Result<std::uint64_t> begin(const Request& request, const Ask& ask);
    // By who began it and by root. EACCES; ENOENT where there is no such search.
    Status cancel(std::uint64_t number, uid_t user);

    // Mail to \MAILSLOT\WTVDSPROV.
    Outcome take(const Mail& mail, const Interface& interface, bool beyond_network);

    const Search* find(std::uint64_t number) const;
    template <typename Visit>
    void for_each(Visit&& visit) const {
        for (const auto& [number, entry] : entries_)
            visit(entry.told);
    }
    const Collection& collection() const { return collection_; }

    void pass();

  private:
    struct Entry {
        Search told;
        Time ended{};
        std::vector<std::string> names; // who answered, in capitals, sorted
        std::unordered_map<std::uint32_t, std::size_t> names_of; // how many, of each source
    };

    void end(Entry& entry, Search::State state, std::string message);
    void sweep();
    void tell_due();
    std::size_t running() const;

    Clocks clocks_;
    SearchObserver* observer_ = nullptr;
    std::uint64_t last_ = 0;
    std::map<std::uint64_t, Entry> entries_;
    Collection collection_{kMostServers};
};

} // namespace mpapi::discovery
