// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A played node and objects of IClusterStorage2 on it.
#pragma once

#include "clusprep/interfaces/storage_session.hpp"
#include "tests/unit/clusprep/interfaces/called.hpp"

namespace mpapi::csvp {

inline const DiskId lun0 = DiskId::of_number(0), lun1 = DiskId::of_number(1),
                    lun2 = DiskId::of_number(2);

struct Stage {
    PlayedNode node;
    std::vector<EndedCall> told;
    std::vector<EndedCall> failed; // of them
    Machine machine;

    explicit Stage(Options options = {})
      : machine(node, with_report(std::move(options))) {}

    Options with_report(Options options) {
        options.report = [this](const EndedCall& call) {
            told.push_back(call);
            if (!succeeded(call.code)) failed.push_back(call);
        };
        return options;
    }
};

struct Storage : Called<ClusterStorage2> {
    using Called::Called;

    // Prepared, with these attached.
    static Storage ready(Machine& machine, std::initializer_list<DiskId> attached = {lun0, lun1}) {
        Storage storage(machine);
        storage.prepare();
        for (const DiskId& disk : attached)
            assert_result(storage.call<CprepDiskAttach>({disk}).result, Hresult::Ok);
        return storage;
    }

    void prepare() {
        assert_result(call<CprepPrepareNode>().result, Hresult::Ok);
        assert_result(call<CprepPrepareNodePhase2>().result, Hresult::Ok);
    }
};

} // namespace mpapi::csvp
