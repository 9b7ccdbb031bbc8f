// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/objects.hpp"

#include "common/bus/child_nodes.hpp"
#include "daemon/publish/errors.hpp"
#include "daemon/publish/properties.hpp"

#include <cerrno>
#include <cstring>

namespace mpapi::publish {

template <typename T>
struct Objects::Served {
    Objects* objects = nullptr;
    View<T> found;
    std::vector<sd_bus_vtable> vtable;

    static int find(sd_bus*, const char* path, const char*, void* userdata, void** found,
                    sd_bus_error*) {
        auto* self = static_cast<Served*>(userdata);
        const AnyView any = self->objects->find(path);
        const auto* view = std::get_if<View<T>>(&any);
        if (!view) return 0;
        self->found = *view;
        *found = self;
        return 1;
    }

    static int get(sd_bus*, const char*, const char*, const char* name, sd_bus_message* reply,
                   void* userdata, sd_bus_error*) {
        auto* self = static_cast<Served*>(userdata);
        for (const auto& property : Interface<T>::properties()) {
            if (std::strcmp(property.name, name) != 0) continue;
            BusWriter out(reply);
            property.append(out, self->found);
            return out.status();
        }
        return -ENOENT;
    }
};

// What sd-bus calls for methods: C functions that only unpack.
struct Objects::Calls {
    template <typename T>
    static Methods& methods(void* userdata) {
        return static_cast<Served<T>*>(userdata)->objects->methods_;
    }

    template <void (Methods::*method)(sd_bus_message*)>
    static int plain(sd_bus_message* call, void* userdata, sd_bus_error*) {
        (methods<model::Manager>(userdata).*method)(call);
        return 1;
    }

    static int get_changes(sd_bus_message* call, void* userdata, sd_bus_error*) {
        std::uint64_t instance = 0;
        std::uint64_t since = 0;
        const int r = sd_bus_message_read(call, "tt", &instance, &since);
        if (r < 0) return r;
        methods<model::Manager>(userdata).get_changes(call, instance, since);
        return 1;
    }

    static int settled(sd_bus_message* call, void* userdata, sd_bus_error*) {
        std::uint64_t timeout = 0;
        const int r = sd_bus_message_read(call, "t", &timeout);
        if (r < 0) return r;
        methods<model::Manager>(userdata).settled(call, timeout);
        return 1;
    }

    static int refresh_all(sd_bus_message* call, void* userdata, sd_bus_error*) {
        methods<model::Manager>(userdata).refresh(call, nullptr);
        return 1;
    }

    static int refresh_unit(sd_bus_message* call, void* userdata, sd_bus_error*) {
        auto* served = static_cast<Served<model::LogicalUnit>*>(userdata);
        served->objects->methods_.refresh(call, served->found.unit);
        return 1;
    }

    template <typename T>
    static int change(sd_bus_message* call, void* userdata, sd_bus_error*) {
        auto* served = static_cast<Served<T>*>(userdata);
        const char* member = sd_bus_message_get_member(call);
        for (const ChangeMethod& method : change_methods<T>())
            if (std::strcmp(method.name, member) == 0)
                served->objects->methods_.change(call, method, served->found);
        return 1;
    }

    static int at_root(sd_bus_message* call, void* userdata, sd_bus_error*) {
        // Every call on the root object passes here first; the one that sd-bus would answer by
        // itself with a message of any size is taken away from it.
        if (sd_bus_message_is_method_call(call, "org.freedesktop.DBus.ObjectManager",
                                          "GetManagedObjects") <= 0)
            return 0;
        if (!sd_bus_message_is_empty(call)) return 0; // sd-bus tells what is wrong
        static_cast<Objects*>(userdata)->methods_.get_managed_objects(call);
        return 1;
    }

    static int children(sd_bus*, const char* prefix, void* userdata, char*** nodes, sd_bus_error*) {
        auto* self = static_cast<Objects*>(userdata);
        const auto paths = self->index_.children(self->current_(), prefix);
        return bus::give_child_nodes(paths, nodes);
    }
};

namespace {

using Vtable = std::vector<sd_bus_vtable>;

// Who may call what is decided by the methods themselves; without this flag sd-bus would ask for
// CAP_SYS_ADMIN first.
constexpr auto kOpen = SD_BUS_VTABLE_UNPRIVILEGED;

// 56 bits, as wide as the field of the vtable entry.
std::uint64_t flags_of(Emits emits) {
    switch (emits) {
    case Emits::Change:
        return SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE;
    case Emits::Const:
        return SD_BUS_VTABLE_PROPERTY_CONST;
    case Emits::Never:
        break;
    }
    return 0;
}

} // namespace

Objects::Objects(Current current, const Index& index, Methods& methods)
  : current_(std::move(current))
  , index_(index)
  , methods_(methods) {}

Objects::~Objects() {
    slots_.clear();
}

Status Objects::add(sd_bus* bus) {
    const std::string root(kRoot);
    int failed = 0;
    auto keep = [&](int r, sd_bus_slot* slot) {
        if (r < 0 && failed == 0) failed = r;
        if (r >= 0) slots_.emplace_back(slot);
    };
    sd_bus_slot* slot = nullptr;

    int r = sd_bus_add_object(bus, &slot, root.c_str(), Calls::at_root, this);
    keep(r, slot);
    r = sd_bus_add_object_manager(bus, &slot, root.c_str());
    keep(r, slot);
    r = sd_bus_add_node_enumerator(bus, &slot, root.c_str(), Calls::children, this);
    keep(r, slot);

    for_each_interface([&]<typename T>(std::type_identity<T>) {
        auto served = std::make_shared<Served<T>>();
        served->objects = this;
        Vtable& vtable = served->vtable;
        vtable.push_back(SD_BUS_VTABLE_START(0));
        for (const auto& property : Interface<T>::properties())
            vtable.push_back(SD_BUS_PROPERTY(property.name, property.signature, Served<T>::get, 0,
                                             flags_of(property.emits) & 0xff'ffff'ffff'ffff));
        if constexpr (std::is_same_v<T, model::Manager>) {
            vtable.push_back(SD_BUS_METHOD_WITH_NAMES(
                "GetSnapshot", "", "", "th", SD_BUS_PARAM(generation) SD_BUS_PARAM(snapshot),
                Calls::plain<&Methods::get_snapshot>, kOpen));
            vtable.push_back(SD_BUS_METHOD_WITH_NAMES("Metrics", "", "", "s", SD_BUS_PARAM(text),
                                                      Calls::plain<&Methods::metrics>, kOpen));
            vtable.push_back(
                SD_BUS_METHOD_WITH_NAMES("GetGenerationPage", "", "", "h", SD_BUS_PARAM(page),
                                         Calls::plain<&Methods::get_generation_page>, kOpen));
            vtable.push_back(SD_BUS_METHOD_WITH_NAMES(
                "GetChanges", "tt", SD_BUS_PARAM(instance) SD_BUS_PARAM(since), "ttba(tsut)",
                SD_BUS_PARAM(current_instance) SD_BUS_PARAM(generation) SD_BUS_PARAM(resync)
                    SD_BUS_PARAM(changes),
                Calls::get_changes, kOpen));
            vtable.push_back(SD_BUS_METHOD_WITH_NAMES("Describe", "a{sv}", SD_BUS_PARAM(options),
                                                      "h", SD_BUS_PARAM(document),
                                                      Calls::plain<&Methods::describe>, kOpen));
            vtable.push_back(SD_BUS_METHOD_WITH_NAMES("Settled", "t", SD_BUS_PARAM(timeout_usec),
                                                      "", "", Calls::settled, kOpen));
            vtable.push_back(
                SD_BUS_METHOD_WITH_NAMES("Refresh", "", "", "", "", Calls::refresh_all, kOpen));
            vtable.push_back(
                SD_BUS_SIGNAL_WITH_NAMES("GenerationChanged", "t", SD_BUS_PARAM(generation), 0));
        }
        if constexpr (std::is_same_v<T, model::LogicalUnit>)
            vtable.push_back(
                SD_BUS_METHOD_WITH_NAMES("Refresh", "", "", "", "", Calls::refresh_unit, kOpen));
        for (const ChangeMethod& method : change_methods<T>()) {
            sd_bus_vtable entry = SD_BUS_METHOD(method.name, method.signature, method.result,
                                                Calls::change<T>, kOpen);
            entry.x.method.names = method.names;
            vtable.push_back(entry);
        }
        if constexpr (std::is_same_v<T, model::Path>)
            vtable.push_back(SD_BUS_SIGNAL_WITH_NAMES(
                "IdentityChanged", "ss", SD_BUS_PARAM(old_designator) SD_BUS_PARAM(new_designator),
                0));
        vtable.push_back(SD_BUS_VTABLE_END);
        r = sd_bus_add_fallback_vtable(bus, &slot, root.c_str(), Interface<T>::name, vtable.data(),
                                       Served<T>::find, served.get());
        served_.push_back(std::move(served));
        keep(r, slot);
    });
    if (failed < 0) return Error{"publish objects", root, "", -failed};
    return Done{};
}

Result<std::unique_ptr<Objects>> Objects::publish(sd_bus* bus, Current current, const Index& index,
                                                  Methods& methods) {
    std::unique_ptr<Objects> objects(new Objects(std::move(current), index, methods));
    if (auto status = objects->add(bus); !status) return std::move(status).error();
    return objects;
}

} // namespace mpapi::publish
