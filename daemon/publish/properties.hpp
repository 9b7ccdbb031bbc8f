// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The properties of each interface, declared once. The vtables of sd-bus, PropertiesChanged,
// InterfacesAdded, GetManagedObjects and the JSON of Describe are all made of these tables.
#pragma once

#include "daemon/publish/codec.hpp"
#include "daemon/publish/view.hpp"

#include <span>
#include <type_traits>

namespace mpapi::publish {

// org.freedesktop.DBus.Property.EmitsChangedSignal
enum class Emits {
    Change, // each change is signalled with the new value
    Const,  // never changes while the object exists
    Never,  // changes without a signal: ages and counters
};

template <typename T>
struct Property {
    const char* name;
    const char* signature;
    Emits emits;
    void (*append)(BusWriter&, const View<T>&);
    void (*json)(JsonWriter&, const View<T>&);
    bool (*same)(const View<T>&, const View<T>&);
};

template <typename T>
struct Interface;

#define MPAPI_INTERFACE(T)                                                                         \
    template <>                                                                                    \
    struct Interface<model::T> {                                                                   \
        static constexpr const char* name = "org.mpapi.Multipath1." #T;                            \
        static std::span<const Property<model::T>> properties();                                   \
    };
MPAPI_INTERFACE(Manager)
MPAPI_INTERFACE(Plugin)
MPAPI_INTERFACE(InitiatorPort)
MPAPI_INTERFACE(TargetPort)
MPAPI_INTERFACE(DeviceProduct)
MPAPI_INTERFACE(LoadBalance)
MPAPI_INTERFACE(LogicalUnit)
MPAPI_INTERFACE(TargetPortGroup)
MPAPI_INTERFACE(Path)
MPAPI_INTERFACE(Disk)
#undef MPAPI_INTERFACE

// The a{sv} of all properties.
template <typename T>
void append_properties(BusWriter& out, const View<T>& view) {
    out.open('a', "{sv}");
    for (const auto& property : Interface<T>::properties()) {
        out.open('e', "sv");
        out.text(property.name);
        out.open('v', property.signature);
        property.append(out, view);
        out.close();
        out.close();
    }
    out.close();
}

// The a{sa{sv}} of InterfacesAdded and GetManagedObjects.
template <typename T>
void append_interfaces(BusWriter& out, const View<T>& view) {
    out.open('a', "{sa{sv}}");
    out.open('e', "sa{sv}");
    out.text(Interface<T>::name);
    append_properties(out, view);
    out.close();
    out.close();
}

// Whether there is something to signal between two states of an object.
template <typename T>
bool signalled_change(const View<T>& before, const View<T>& after) {
    for (const auto& property : Interface<T>::properties())
        if (property.emits == Emits::Change && !property.same(before, after)) return true;
    return false;
}

// The a{sv} of PropertiesChanged.
template <typename T>
void append_changed_properties(BusWriter& out, const View<T>& before, const View<T>& after) {
    out.open('a', "{sv}");
    for (const auto& property : Interface<T>::properties()) {
        if (property.emits != Emits::Change || property.same(before, after)) continue;
        out.open('e', "sv");
        out.text(property.name);
        out.open('v', property.signature);
        property.append(out, after);
        out.close();
        out.close();
    }
    out.close();
}

// Calls visit(std::type_identity<T>{}) for each interface of objects.
template <typename Visitor>
void for_each_interface(Visitor&& visit) {
    visit(std::type_identity<model::Manager>{});
    visit(std::type_identity<model::Plugin>{});
    visit(std::type_identity<model::LoadBalance>{});
    visit(std::type_identity<model::DeviceProduct>{});
    visit(std::type_identity<model::InitiatorPort>{});
    visit(std::type_identity<model::TargetPort>{});
    visit(std::type_identity<model::LogicalUnit>{});
    visit(std::type_identity<model::TargetPortGroup>{});
    visit(std::type_identity<model::Path>{});
    visit(std::type_identity<model::Disk>{});
}

} // namespace mpapi::publish
