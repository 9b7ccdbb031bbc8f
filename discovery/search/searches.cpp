// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/search/searches.hpp"

#include "discovery/wire/ascii.hpp"
#include "discovery/wire/messages.hpp"

#include <algorithm>
#include <cerrno>

namespace mpapi::discovery {

const char* name_of(Search::State state) {
    switch (state) {
    case Search::State::Running:
        return "running";
    case Search::State::Done:
        return "done";
    case Search::State::Failed:
        return "failed";
    case Search::State::Canceled:
        break;
    }
    return "canceled";
}

Searches::Searches(Clocks clocks)
  : clocks_(std::move(clocks)) {}

std::size_t Searches::running() const {
    return static_cast<std::size_t>(
        std::count_if(entries_.begin(), entries_.end(), [](const auto& each) {
            return each.second.told.state == Search::State::Running;
        }));
}

Result<std::uint64_t> Searches::begin(const Request& request, const Ask& ask) {
    if (running() >= kMostRunning) return Error{"begin", "search", "too many are under way", EBUSY};
    sweep();
    const std::uint64_t number = ++last_;
    Entry& entry = entries_[number];
    entry.told.number = number;
    entry.told.interface = request.interface;
    entry.told.user = request.user;
    entry.told.began = clocks_.now();
    entry.told.until = entry.told.began + request.timeout;
    entry.told.began_at = clocks_.realtime();
    if (observer_) observer_->search_added(entry.told);
    if (const auto asked = ask(request.interface); !asked)
        end(entry, Search::State::Failed, asked.error().message());
    tell_due();
    return number;
}

Status Searches::cancel(std::uint64_t number, uid_t user) {
    const auto found = entries_.find(number);
    if (found == entries_.end()) return Error{"cancel", "search", "it is gone", ENOENT};
    Entry& entry = found->second;
    if (user != 0 && user != entry.told.user)
        return Error{"cancel", "search", "it is somebody else's", EACCES};
    if (entry.told.state == Search::State::Running) end(entry, Search::State::Canceled, "");
    tell_due();
    return Done{};
}

Outcome Searches::take(const Mail& mail, const Interface& interface, bool beyond_network) {
    if (!beyond_network && !is_neighbour(interface, mail.from)) return Outcome::Foreign;
    const auto answer = read_answer(mail.write.data);
    switch (answer.flaw) {
    case Flaw::Size:
        return Outcome::Size;
    case Flaw::Version:
        return Outcome::Version;
    case Flaw::Name:
        return Outcome::Name;
    case Flaw::None:
        break;
    }
    const Time now = clocks_.now();
    const std::string key = upper(answer.name);
    bool listened = false, taken = false;
    Server server{answer.name, mail.from, interface.name, {}, clocks_.realtime()};
    for (auto& [number, entry] : entries_) {
        Search& search = entry.told;
        if (search.state != Search::State::Running || now >= search.until) continue;
        if (!search.interface.empty() && search.interface != interface.name) continue;
        listened = true;
        server.took = std::chrono::duration_cast<std::chrono::microseconds>(now - search.began);
        const auto place = std::lower_bound(entry.names.begin(), entry.names.end(), key);
        if (place != entry.names.end() && *place == key) {
            taken = true;
            continue; // a second answer, on another interface or to another name of ours
        }
        if (entry.names.size() >= kMostServers || entry.names_of[mail.from] >= kNamesOfOneSource)
            continue;
        ++entry.names_of[mail.from];
        entry.names.insert(place, key);
        search.found = entry.names.size();
        taken = true;
        if (observer_) observer_->server_answered(search, server);
        if (observer_) observer_->search_changed(search);
        // The first answer counts: one that comes by a second interface moves nothing.
        const auto change = collection_.add(server, now);
        if (!observer_) continue;
        if (change.gone) observer_->server_gone(*change.gone);
        if (change.news == Collection::News::Added) observer_->server_added(server);
        if (change.news == Collection::News::Moved) observer_->server_moved(server);
    }
    if (!listened) return Outcome::Unasked;
    return taken ? Outcome::Heard : Outcome::Limited;
}

const Search* Searches::find(std::uint64_t number) const {
    const auto found = entries_.find(number);
    return found == entries_.end() ? nullptr : &found->second.told;
}

void Searches::end(Entry& entry, Search::State state, std::string message) {
    entry.told.state = state;
    entry.told.message = std::move(message);
    entry.ended = clocks_.now();
    entry.names.clear();
    entry.names.shrink_to_fit();
    entry.names_of.clear();
    if (observer_) observer_->search_changed(entry.told);
    if (state != Search::State::Done) return; // it did not listen long enough to miss anybody
    for (const Server& gone : collection_.search_ended(entry.told.began, entry.told.interface))
        if (observer_) observer_->server_gone(gone);
}

void Searches::sweep() {
    const Time now = clocks_.now();
    for (auto at = entries_.begin(); at != entries_.end();) {
        const Entry& entry = at->second;
        const bool over = entry.told.state != Search::State::Running &&
                          (now - entry.ended >= kKept || last_ - entry.told.number >= kMostNewer);
        if (!over) {
            ++at;
            continue;
        }
        if (observer_) observer_->search_removed(entry.told);
        at = entries_.erase(at);
    }
}

void Searches::pass() {
    const Time now = clocks_.now();
    for (auto& [number, entry] : entries_)
        if (entry.told.state == Search::State::Running && now >= entry.told.until)
            end(entry, Search::State::Done, "");
    sweep();
    tell_due();
}

void Searches::tell_due() {
    std::optional<Time> when;
    for (const auto& [number, entry] : entries_) {
        const Time due =
            entry.told.state == Search::State::Running ? entry.told.until : entry.ended + kKept;
        if (!when || due < *when) when = due;
    }
    if (observer_) observer_->due_at(when);
}

} // namespace mpapi::discovery
