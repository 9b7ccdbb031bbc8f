// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/interfaces/storage_session.hpp"

#include "clusprep/interfaces/file_path.hpp"
#include "clusprep/interfaces/fixed_text.hpp"
#include "clusprep/interfaces/registered_dsms.hpp"
#include "clusprep/interfaces/unique_ids.hpp"

#include <algorithm>
#include <limits>
#include <type_traits>

namespace mpapi::csvp {

namespace {

// What a LUN that is not there or not attached is called (MS-CSVP 3.2.4, product note 2).
template <typename Method>
constexpr Hresult absent =
    std::is_same_v<Method, CprepDiskIsOnline> || std::is_same_v<Method, CprepDiskSetOnline>
        ? Hresult::NotFound
        : Hresult::FileNotFound;

std::uint32_t milliseconds(std::chrono::milliseconds time) {
    return static_cast<std::uint32_t>(std::clamp<std::chrono::milliseconds::rep>(
        time.count(), 0, std::numeric_limits<std::uint32_t>::max()));
}

} // namespace

std::optional<std::uint32_t> StorageSession::find(const DiskId& id) const {
    const auto matching = numbers_->matching(id);
    if (matching.empty()) return std::nullopt;
    const auto first = std::find_if(matching.begin(), matching.end(),
                                    [&](std::uint32_t number) { return attached(number); });
    return first == matching.end() ? matching.front() : *first;
}

bool StorageSession::attached(std::uint32_t number) const {
    return attached_.contains(numbers_->at(number)->disk.key);
}

template <typename Method, typename Then>
void StorageSession::on_lun(const DiskId& id, const Responder<Method>& respond, Then then) {
    if (prepare_state_ != PrepareState::Online) return respond(Hresult::InvalidServerState);
    disks().list(
        [self = shared_from_this(), id, respond, then = std::move(then)](Outcome<DiskList> list) {
            if (self->running_down_) return respond(Hresult::Aborted);
            if (!list) return respond(list.failure());
            self->numbers_->update(*list);
            const auto number = self->find(id);
            if (!number) return respond(absent<Method>);
            then(*number);
        });
}

template <typename Method, typename Then>
void StorageSession::on_attached(const DiskId& id, const Responder<Method>& respond, Then then) {
    on_lun(id, respond,
           [self = shared_from_this(), respond, then = std::move(then)](std::uint32_t number) {
               if (!self->attached(number)) return respond(absent<Method>);
               then(Key(self->numbers_->at(number)->disk.key));
           });
}

template <typename Method, typename Then>
void StorageSession::on_online(const DiskId& id, const Responder<Method>& respond, Then then) {
    on_attached(id, respond,
                [self = shared_from_this(), respond, then = std::move(then)](const Key& key) {
                    self->disks().state(key, [key, respond, then](Outcome<DiskState> state) {
                        if (!state) return respond(state.failure());
                        if (!state->online) return respond(Hresult::InvalidState);
                        then(key);
                    });
                });
}

std::optional<std::uint32_t> StorageSession::partition_index(std::uint32_t number) const {
    const std::uint32_t base = machine_.options().partition_base;
    if (number < base) return std::nullopt;
    return number - base;
}

template <typename Method, typename Then>
void StorageSession::on_partition(const DiskId& id, std::uint32_t number,
                                  const Responder<Method>& respond, Then then) {
    on_online(id, respond,
              [self = shared_from_this(), number, respond, then = std::move(then)](const Key& key) {
                  const auto index = self->partition_index(number);
                  if (!index) return respond(Hresult::InvalidParameter);
                  self->disks().partitions(
                      key, [index = *index, respond, then](Outcome<std::vector<Partition>> found) {
                          if (!found) return respond(found.failure());
                          if (index >= found->size()) return respond(Hresult::InvalidParameter);
                          then((*found)[index]);
                      });
              });
}

template <typename Method, typename Then>
void StorageSession::on_file(const DiskId& id, std::uint32_t number, const std::u16string& name,
                             const Responder<Method>& respond, Then then) {
    on_online(
        id, respond,
        [self = shared_from_this(), number, name, respond, then = std::move(then)](const Key& key) {
            const auto index = self->partition_index(number);
            if (!index) return respond(Hresult::InvalidParameter);
            auto path = file_path(name);
            if (!path) return respond(Failure{Hresult::InvalidName, path.error()});
            then(key, *index, *path);
        });
}

template <typename Method>
void StorageSession::run(DiskOperation operation, const DiskId& id,
                         const Responder<Method>& respond) {
    on_attached(id, respond, [self = shared_from_this(), operation, respond](const Key& key) {
        (self->disks().*operation)(key, answer_with(respond));
    });
}

void StorageSession::on(CprepDiskRawRead, CprepDiskRawRead::In in,
                        const Responder<CprepDiskRawRead>& respond) {
    on_attached(in.disk, respond, [self = shared_from_this(), in, respond](const Key& key) {
        if (in.data_size == 0 || in.data_size > most_data)
            return respond(Hresult::InvalidParameter);
        const std::uint32_t whole = (in.data_size + sector_size - 1) / sector_size * sector_size;
        self->disks().read(key, in.sector, whole, [in, respond](Outcome<RawRead> read) {
            if (!read) return respond(read.failure());
            auto out = respond.out();
            out.data = std::move(read->data);
            if (out.data.size() > in.data_size) out.data.resize(in.data_size);
            out.data_read = static_cast<std::uint32_t>(out.data.size());
            out.latency = milliseconds(read->latency);
            respond(out);
        });
    });
}

template <typename Then>
void StorageSession::check_scratch(const Key& key, std::uint32_t sector,
                                   const Responder<CprepDiskRawWrite>& respond, Then then) {
    if (machine_.options().write_anywhere) return then();
    const auto decide = [sector, respond, then = std::move(then)](const ScratchSectors& scratch) {
        if (sector != scratch.x && sector != scratch.y)
            return respond(Failure{
                Hresult::AccessDenied,
                {"write raw", "",
                 "sector " + std::to_string(sector) + " is not one of the scratch sectors"}});
        then();
    };
    if (const auto known = scratch_.find(key); known != scratch_.end())
        return decide(known->second);
    disks().find_scratch_sectors(
        key, [self = shared_from_this(), key, respond, decide](Outcome<ScratchSectors> found) {
            if (!found) return respond(found.failure());
            self->scratch_[key] = *found;
            decide(*found);
        });
}

void StorageSession::on(CprepDiskRawWrite, CprepDiskRawWrite::In in,
                        const Responder<CprepDiskRawWrite>& respond) {
    auto request = std::make_shared<const CprepDiskRawWrite::In>(std::move(in));
    on_attached(
        request->disk, respond, [self = shared_from_this(), request, respond](const Key& key) {
            if (request->data_size != sector_size) return respond(Hresult::InvalidParameter);
            self->check_scratch(key, request->sector, respond, [self, key, request, respond] {
                self->disks().write(key, request->sector, request->data,
                                    [respond](Outcome<std::chrono::milliseconds> written) {
                                        if (!written) return respond(written.failure());
                                        auto out = respond.out();
                                        out.data_written = sector_size;
                                        out.latency = milliseconds(*written);
                                        respond(out);
                                    });
            });
        });
}

void StorageSession::on(CprepPrepareNode, NoParameters,
                        const Responder<CprepPrepareNode>& respond) {
    if (prepare_state_ != PrepareState::Initial) return respond(Hresult::InvalidServerState);
    prepare_state_ = PrepareState::Preparing;
    const Versions versions = machine_.node().host().versions();
    auto out = respond.out();
    out.major_version = versions.major;
    out.minor_version = versions.minor;
    out.clusprep_version = 3; // not used (3.2.4.3); as in InitializeNode
    respond(out);
}

void StorageSession::on(CprepPrepareNodePhase2, CprepPrepareNodePhase2::In,
                        const Responder<CprepPrepareNodePhase2>& respond) {
    if (prepare_state_ != PrepareState::Preparing) return respond(Hresult::InvalidServerState);
    disks().list([self = shared_from_this(), respond](Outcome<DiskList> list) {
        // Another call may have come first while the list was awaited, or the object's end.
        if (self->prepare_state_ != PrepareState::Preparing || self->running_down_)
            return respond(Hresult::InvalidServerState);
        if (!list) return respond(list.failure());
        self->numbers_ = self->machine_.numbers();
        self->numbers_->update(*list);
        self->prepare_state_ = PrepareState::Online;
        auto out = respond.out();
        out.disks = self->numbers_->size();
        respond(out);
    });
}

void StorageSession::on(CprepDiskGetProps, DiskOnly in,
                        const Responder<CprepDiskGetProps>& respond) {
    on_lun(in.disk, respond, [self = shared_from_this(), respond](std::uint32_t number) {
        auto out = respond.out();
        out.props = self->numbers_->props_of(number);
        respond(out);
    });
}

void StorageSession::on(CprepDiskStopDefense, DiskOnly in,
                        const Responder<CprepDiskStopDefense>& respond) {
    on_attached(in.disk, respond, [self = shared_from_this(), respond](const Key& key) {
        self->disks().state(key, [self, key, respond](Outcome<DiskState> state) {
            if (!state) return respond(state.failure());
            if (state->ownership != Ownership::OwnedByThisServer || state->online)
                return respond(Hresult::InvalidState);
            self->disks().stop_defense(key, [self, key, respond](const Outcome<Done>& stopped) {
                if (!stopped) return respond(stopped.failure());
                if (self->claimed_.erase(key) != 0) self->machine_.unclaim(key);
                respond(Hresult::Ok);
            });
        });
    });
}

void StorageSession::on(CprepDiskOnline, DiskOnly in, const Responder<CprepDiskOnline>& respond) {
    on_attached(in.disk, respond, [self = shared_from_this(), respond](const Key& key) {
        self->disks().bring_online(key, [self, key, respond](const Outcome<Done>& online) {
            if (!online) return respond(online.failure());
            self->disks().partitions(key, [respond](Outcome<std::vector<Partition>> found) {
                if (!found) return respond(found.failure());
                auto out = respond.out();
                out.partitions = static_cast<std::uint32_t>(found->size());
                respond(out);
            });
        });
    });
}

void StorageSession::on(CprepDiskVerifyUnique, DiskOnly in,
                        const Responder<CprepDiskVerifyUnique>& respond) {
    on_attached(in.disk, respond, [self = shared_from_this(), in, respond](const Key&) {
        respond(self->numbers_->matching(in.disk).size() > 1 ? Hresult::DuplicateTag : Hresult::Ok);
    });
}

void StorageSession::on(CprepDiskWriteFileData, FileContent in,
                        const Responder<CprepDiskWriteFileData>& respond) {
    auto request = std::make_shared<const FileContent>(std::move(in));
    on_file(request->disk, request->partition, request->file_name, respond,
            [self = shared_from_this(), request, respond](const Key& key, std::uint32_t partition,
                                                          const Disks::Path& path) {
                if (request->data_size > most_data) return respond(Hresult::InvalidParameter);
                self->disks().write_file(key, partition, path, request->data, answer_with(respond));
            });
}

void StorageSession::on(CprepDiskVerifyFileData, FileContent in,
                        const Responder<CprepDiskVerifyFileData>& respond) {
    auto request = std::make_shared<const FileContent>(std::move(in));
    on_file(request->disk, request->partition, request->file_name, respond,
            [self = shared_from_this(), request, respond](const Key& key, std::uint32_t partition,
                                                          const Disks::Path& path) {
                if (request->data_size > most_data) return respond(Hresult::InvalidParameter);
                self->disks().verify_file(key, partition, path, request->data,
                                          answer_with(respond));
            });
}

void StorageSession::on(CprepDiskDeleteFile, const CprepDiskDeleteFile::In& in,
                        const Responder<CprepDiskDeleteFile>& respond) {
    on_file(in.disk, in.partition, in.file_name, respond,
            [self = shared_from_this(), respond](const Key& key, std::uint32_t partition,
                                                 const Disks::Path& path) {
                self->disks().delete_file(key, partition, path, answer_with(respond));
            });
}

void StorageSession::on(CprepDiskOffline, DiskOnly in, const Responder<CprepDiskOffline>& respond) {
    run(&Disks::take_offline, in.disk, respond);
}

void StorageSession::on(CprepDiskGetUniqueIds, CprepDiskGetUniqueIds::In in,
                        const Responder<CprepDiskGetUniqueIds>& respond) {
    on_attached(in.disk, respond, [self = shared_from_this(), in, respond](const Key& key) {
        if (in.data_size > most_data) return respond(Hresult::InvalidParameter);
        self->disks().unique_ids(key, [in, respond](Outcome<std::vector<UniqueId>> ids) {
            if (!ids) return respond(ids.failure());
            if (ids->empty()) return respond(Hresult::NotSupported);
            auto out = respond.out();
            out.data = encode_unique_ids(*ids);
            out.needed = static_cast<std::uint32_t>(out.data.size());
            if (out.needed > in.data_size) {
                out.data.clear();
                out.result = Hresult::InsufficientBuffer;
            }
            out.data_out = static_cast<std::uint32_t>(out.data.size());
            respond(out);
        });
    });
}

void StorageSession::on(CprepDiskAttach, DiskOnly in, const Responder<CprepDiskAttach>& respond) {
    on_lun(in.disk, respond, [self = shared_from_this(), respond](std::uint32_t number) {
        const Lun& lun = *self->numbers_->at(number);
        if (lun.missing) return respond(Hresult::FileNotFound);
        self->attached_.insert(lun.disk.key);
        respond(Hresult::Ok);
    });
}

void StorageSession::on(CprepDiskPRArbitrate, DiskOnly in,
                        const Responder<CprepDiskPRArbitrate>& respond) {
    on_attached(in.disk, respond, [self = shared_from_this(), respond](const Key& key) {
        self->disks().arbitrate(key, [self, key, respond](const Outcome<Done>& won) {
            if (!won) return respond(won.failure());
            if (self->claimed_.insert(key).second) self->machine_.claim(key);
            respond(Hresult::Ok);
        });
    });
}

void StorageSession::on(CprepDiskPRRegister, DiskOnly in,
                        const Responder<CprepDiskPRRegister>& respond) {
    run(&Disks::register_key, in.disk, respond);
}

void StorageSession::on(CprepDiskPRUnRegister, DiskOnly in,
                        const Responder<CprepDiskPRUnRegister>& respond) {
    run(&Disks::unregister_key, in.disk, respond);
}

void StorageSession::on(CprepDiskPRReserve, DiskOnly in,
                        const Responder<CprepDiskPRReserve>& respond) {
    run(&Disks::reserve, in.disk, respond);
}

void StorageSession::on(CprepDiskPRRelease, DiskOnly in,
                        const Responder<CprepDiskPRRelease>& respond) {
    run(&Disks::release, in.disk, respond);
}

void StorageSession::on(CprepDiskDiskPartitionIsNtfs, CprepDiskDiskPartitionIsNtfs::In in,
                        const Responder<CprepDiskDiskPartitionIsNtfs>& respond) {
    on_partition(in.disk, in.partition, respond, [respond](const Partition& partition) {
        respond(partition.file_system == "NTFS" ? Hresult::Ok : Hresult::WrongDisk);
    });
}

void StorageSession::on(CprepDiskGetArbSectors, DiskOnly in,
                        const Responder<CprepDiskGetArbSectors>& respond) {
    on_attached(in.disk, respond, [self = shared_from_this(), respond](const Key& key) {
        self->disks().find_scratch_sectors(key,
                                           [self, key, respond](Outcome<ScratchSectors> found) {
                                               if (!found) return respond(found.failure());
                                               self->scratch_[key] = *found;
                                               auto out = respond.out();
                                               out.sector_x = found->x;
                                               out.sector_y = found->y;
                                               respond(out);
                                           });
    });
}

void StorageSession::on(CprepDiskIsPRPresent, DiskOnly in,
                        const Responder<CprepDiskIsPRPresent>& respond) {
    on_attached(in.disk, respond, [self = shared_from_this(), respond](const Key& key) {
        self->disks().reservation_present(key, [respond](Outcome<bool> present) {
            if (!present) return respond(present.failure());
            auto out = respond.out();
            out.present = *present ? 1 : 0;
            respond(out);
        });
    });
}

void StorageSession::on(CprepDiskPRPreempt, DiskOnly in,
                        const Responder<CprepDiskPRPreempt>& respond) {
    run(&Disks::preempt, in.disk, respond);
}

void StorageSession::on(CprepDiskPRClear, DiskOnly in, const Responder<CprepDiskPRClear>& respond) {
    run(&Disks::clear, in.disk, respond);
}

void StorageSession::on(CprepDiskIsOnline, DiskOnly in,
                        const Responder<CprepDiskIsOnline>& respond) {
    on_attached(in.disk, respond, [self = shared_from_this(), respond](const Key& key) {
        self->disks().state(key, [respond](Outcome<DiskState> state) {
            if (!state) return respond(state.failure());
            respond(state->online ? Hresult::Ok : Hresult::NotReady);
        });
    });
}

void StorageSession::on(CprepDiskSetOnline, DiskOnly in,
                        const Responder<CprepDiskSetOnline>& respond) {
    on_attached(in.disk, respond, [self = shared_from_this(), respond](const Key& key) {
        // Begun, not awaited (3.2.4.26): an end that is not there by the time the operation returns
        // is for CprepDiskIsOnline to tell, and for the log.
        auto answered = std::make_shared<bool>(false);
        self->disks().bring_online(key, [respond, answered](const Outcome<Done>& online) {
            if (*answered) {
                if (!online) respond.report(online.failure());
                return;
            }
            *answered = true;
            if (online)
                respond(Hresult::Ok);
            else
                respond(online.failure());
        });
        if (std::exchange(*answered, true)) return;
        respond(Hresult::Ok);
    });
}

void StorageSession::on(CprepDiskGetFSName, CprepDiskGetFSName::In in,
                        const Responder<CprepDiskGetFSName>& respond) {
    on_partition(in.disk, in.partition, respond, [respond](const Partition& partition) {
        auto out = respond.out();
        out.file_system = fixed_text<100>(partition.file_system);
        respond(out);
    });
}

void StorageSession::on(CprepDiskIsReadable, DiskOnly in,
                        const Responder<CprepDiskIsReadable>& respond) {
    run(&Disks::check_readable, in.disk, respond);
}

void StorageSession::on(CprepDiskGetDsms, CprepDiskGetDsms::In in,
                        const Responder<CprepDiskGetDsms>& respond) {
    if (prepare_state_ != PrepareState::Online) return respond(Hresult::InvalidServerState);
    if (in.size > most_data) return respond(Hresult::InvalidParameter);
    disks().dsms([in, respond](Outcome<std::vector<Dsm>> dsms) {
        if (!dsms) return respond(dsms.failure());
        auto out = respond.out();
        out.dsms = encode_dsms(*dsms);
        if (out.dsms.size() > in.size) return respond(Hresult::MoreData);
        out.reserved = static_cast<std::uint32_t>(out.dsms.size());
        respond(out);
    });
}

std::shared_ptr<void> StorageSession::begin_call() {
    ++calls_;
    return std::shared_ptr<void>(nullptr, [self = shared_from_this()](void*) {
        --self->calls_;
        self->go_on_with_rundown();
    });
}

void StorageSession::rundown(std::function<void()> done) {
    running_down_ = true;
    rundown_done_ = std::move(done);
    go_on_with_rundown();
}

void StorageSession::go_on_with_rundown() {
    if (!running_down_ || calls_ != 0 || giving_up_ != 0) return;
    ++giving_up_; // while they are begun: one may end at once
    for (const Key& key : std::exchange(claimed_, {})) {
        if (!machine_.unclaim(key)) continue;
        ++giving_up_;
        machine_.giving_up().begin(key, [self = shared_from_this()] {
            --self->giving_up_;
            self->go_on_with_rundown();
        });
    }
    if (--giving_up_ != 0) return;
    if (auto done = std::exchange(rundown_done_, nullptr)) done();
}

} // namespace mpapi::csvp
