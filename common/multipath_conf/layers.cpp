// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/multipath_conf/layers.hpp"

#include "common/multipath_conf/keywords.hpp"

#include <algorithm>

namespace mpapi::multipath_conf {

namespace {

// The table of multipath-tools has 130 entries; each costs three expressions to compile.
constexpr std::size_t most_devices = 4096;

// Vendor, product and revision come from devices: a cache of what they once said must end.
constexpr std::size_t largest_cache = 256;

void overlay(Attributes& into, const Attributes& stronger) {
    for (const auto& [key, value] : stronger)
        into.insert_or_assign(key, value);
}

} // namespace

Layers::Layers(std::span<const ConfFile> files, Trust trust) {
    for (const ConfFile& file : files) {
        file_names_.push_back(std::make_unique<std::string>(file.name));
        for (const Section& section : file.sections)
            add(section, *file_names_.back(), trust);
    }
    for (Device& device : devices_) {
        for (const std::string* text :
             {&device.vendor, &device.product, device.revision ? &*device.revision : nullptr}) {
            if (text == nullptr) continue;
            auto pattern = Pattern::compile(*text);
            if (!pattern) {
                device.patterns.clear();
                break;
            }
            device.patterns.push_back(std::move(*pattern));
        }
    }
}

void Layers::merge(Attributes& into, const Section& section, std::string_view name,
                   std::string_view file, std::uint8_t section_bit, Trust trust) {
    for (const Attribute& attribute : section.attributes) {
        const Keyword keyword = find_keyword(attribute.key);
        if (keyword.kind == KeyKind::Selecting) continue;
        if (trust == Trust::Unchecked && (keyword.sections & section_bit) == 0) continue;
        into.insert_or_assign(attribute.key,
                              Value{attribute.value, std::string(name), file, attribute.line});
    }
}

void Layers::add(const Section& section, std::string_view file, Trust trust) {
    if (section.name == "defaults") {
        merge(defaults_, section, "defaults", file, in_defaults, trust);
    } else if (section.name == "devices") {
        for (const Section& device : section.subsections)
            add_device(device, file, trust);
    } else if (section.name == "overrides") {
        merge(overrides_, section, "overrides", file, in_overrides, trust);
        for (const Section& protocol : section.subsections)
            if (const Attribute* type = protocol.find("type"))
                merge(protocols_[type->value], protocol, "overrides/protocol " + type->value, file,
                      in_protocol, trust);
    } else if (section.name == "multipaths") {
        for (const Section& multipath : section.subsections)
            if (const Attribute* wwid = multipath.find("wwid"))
                merge(multipaths_[wwid->value], multipath, "multipaths/multipath " + wwid->value,
                      file, in_multipaths, trust);
    }
}

void Layers::add_device(const Section& section, std::string_view file, Trust trust) {
    const Attribute* vendor = section.find("vendor");
    const Attribute* product = section.find("product");
    const Attribute* revision = section.find("revision");
    // factorize_hwtable() drops an entry without either.
    if (vendor == nullptr || product == nullptr) return;
    Device device;
    device.vendor = vendor->value;
    device.product = product->value;
    if (revision != nullptr) device.revision = revision->value;

    const auto twin = std::find_if(devices_.begin(), devices_.end(),
                                   [&](const Device& other) { return device.same_text(other); });
    if (twin != devices_.end()) {
        device.attributes = std::move(twin->attributes);
        devices_.erase(twin);
    } else if (devices_.size() >= most_devices) {
        return;
    }
    merge(device.attributes, section,
          "devices/device " + quote(device.vendor) + " " + quote(device.product), file, in_devices,
          trust);
    devices_.push_back(std::move(device));
}

bool Layers::Device::same_text(const Device& other) const noexcept {
    return vendor == other.vendor && product == other.product && revision == other.revision;
}

bool Layers::Device::matches(const MapIdentity& map) const {
    if (patterns.empty()) return false;
    return patterns[0].matches(map.vendor) && patterns[1].matches(map.product) &&
           (patterns.size() < 3 || patterns[2].matches(map.revision));
}

const Attributes* Layers::devices_of(const MapIdentity& map) {
    if (device_cache_.size() >= largest_cache) device_cache_.clear();
    auto& merged = device_cache_[{map.vendor, map.product, map.revision}];
    if (!merged) {
        merged = std::make_unique<Attributes>();
        for (const Device& device : devices_)
            if (device.matches(map)) overlay(*merged, device.attributes);
    }
    return merged.get();
}

const Attributes* Layers::overrides_of(const std::string& protocol) {
    const auto found = protocols_.find(protocol);
    if (found == protocols_.end()) return &overrides_;
    if (override_cache_.size() >= largest_cache) override_cache_.clear();
    auto& merged = override_cache_[protocol];
    if (!merged) {
        merged = std::make_unique<Attributes>(overrides_);
        overlay(*merged, found->second);
    }
    return merged.get();
}

MapLayers Layers::of(const MapIdentity& map) {
    MapLayers layers;
    layers.set(Source::Defaults, &defaults_);
    layers.set(Source::Devices, devices_of(map));
    layers.set(Source::Overrides, overrides_of(map.protocol));
    if (const auto found = multipaths_.find(map.wwid); found != multipaths_.end())
        layers.set(Source::Multipaths, &found->second);
    return layers;
}

} // namespace mpapi::multipath_conf
