// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/standalone/table_changes.hpp"

#include <cerrno>
#include <utility>

namespace mpapi::standalone {

void TableChanges::make(daemon::Hardware& hardware, Right right,
                        std::shared_ptr<std::vector<MapChange>> changes, OnFailure on_failure,
                        Done done) {
    const std::shared_ptr<TableChanges> all(new TableChanges(
        hardware, std::move(right), std::move(changes), on_failure, std::move(done)));
    all->next();
}

void TableChanges::take_back(daemon::Hardware& hardware, Right right,
                             std::shared_ptr<std::vector<MapChange>> changes, Done done) {
    const std::shared_ptr<TableChanges> all(new TableChanges(
        hardware, std::move(right), std::move(changes), OnFailure::TakeBack, std::move(done)));
    all->at_ = all->changes_->size();
    all->undo();
}

void TableChanges::next() {
    if (right_.expired()) return;
    if (at_ == changes_->size()) {
        done_(std::move(failures_));
        return;
    }
    if (current().table)
        load(*current().table);
    else
        switch_group();
}

void TableChanges::load(const dm::MultipathTable& table) {
    const auto text = dm::build_table(table);
    if (!text) {
        failed(text.error());
        return;
    }
    hardware_.load_table(current().map, *text, [self = shared_from_this()](const Status& status) {
        MapChange& change = self->current();
        if (status) {
            self->loaded();
        } else if (change.without_gone) {
            change.table = std::exchange(change.without_gone, std::nullopt);
            self->load(*change.table);
        } else {
            self->failed(status.error());
        }
    });
}

void TableChanges::loaded() {
    current().loaded = true;
    current().holding.clear(); // the map holds them now
    fail_again(0);
}

// One that the table does not name any more is refused, which is as well.
void TableChanges::fail_again(std::size_t from) {
    if (from == current().failed.size()) {
        switch_group();
        return;
    }
    hardware_.send_message(
        current().map, "fail_path " + current().failed[from],
        [self = shared_from_this(), from](const Status&) { self->fail_again(from + 1); });
}

void TableChanges::switch_group() {
    if (current().switch_to == 0) {
        ++at_;
        next();
        return;
    }
    hardware_.send_message(current().map, "switch_group " + std::to_string(current().switch_to),
                           [self = shared_from_this()](const Status& status) {
                               if (!status) {
                                   self->failed(status.error());
                                   return;
                               }
                               ++self->at_;
                               self->next();
                           });
}

void TableChanges::failed(const Error& error) {
    current().holding.clear();
    // One of many that is gone needs no change, and stops none.
    const bool needless = error.errnum == ENODEV && changes_->size() > 1;
    if (!needless) failures_.push_back({current().unit, error});
    if (needless || on_failure_ == OnFailure::GoOn) {
        ++at_;
        next();
        return;
    }
    ++at_; // its table may be in force already
    undo();
}

// Backwards from at_, this one left out.
void TableChanges::undo() {
    if (right_.expired()) return;
    while (at_ > 0 && !(*changes_)[at_ - 1].loaded)
        --at_;
    if (at_ == 0) {
        done_(std::move(failures_));
        return;
    }
    --at_;
    current().loaded = false;
    hardware_.load_table(current().map, current().before,
                         [self = shared_from_this()](const Status& status) {
                             if (!status)
                                 self->failures_.push_back({self->current().unit, status.error()});
                             self->fail_as_before(0);
                         });
}

void TableChanges::fail_as_before(std::size_t from) {
    if (from == current().failed.size()) {
        undo();
        return;
    }
    hardware_.send_message(
        current().map, "fail_path " + current().failed[from],
        [self = shared_from_this(), from](const Status&) { self->fail_as_before(from + 1); });
}

} // namespace mpapi::standalone
