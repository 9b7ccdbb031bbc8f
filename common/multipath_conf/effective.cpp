// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/multipath_conf/effective.hpp"

#include "common/multipath_conf/keywords.hpp"
#include "common/multipath_conf/layers.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace mpapi::multipath_conf {

namespace {

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) noexcept {
    return std::find(words.begin(), words.end(), text) != words.end();
}

// multipathd prints a value in its own words: "1" comes back as "yes".
bool same_meaning(std::string_view key, std::string_view a, std::string_view b) noexcept {
    if (a == b) return true;
    const auto both = [&](std::initializer_list<std::string_view> words) {
        return one_of(a, words) && one_of(b, words);
    };
    if (key == "no_path_retry" && both({"fail", "0"})) return true;
    return both({"yes", "1", "on", "true"}) || both({"no", "0", "off", "false"});
}

const Value* find(const Attributes& attributes, std::string_view key) noexcept {
    const auto found = attributes.find(key);
    return found == attributes.end() ? nullptr : &found->second;
}

// The strongest layer that has the key.
std::optional<Source> strongest(const MapLayers& layers, std::string_view key) noexcept {
    for (const Source source :
         {Source::Multipaths, Source::Overrides, Source::Devices, Source::Defaults})
        if (find(layers[source], key) != nullptr) return source;
    return std::nullopt;
}

std::string place(const Value& value) {
    return value.section + " (" + std::string(value.file) + ":" + std::to_string(value.line) + ")";
}

class Resolver {
  public:
    Resolver(const MapLayers& written, const MapLayers* shown) noexcept
      : written_(written)
      , shown_(shown) {}

    std::vector<Setting> settings() const {
        const MapLayers& in_force = shown_ != nullptr ? *shown_ : written_;
        std::set<std::string_view> keys;
        for (const Source source :
             {Source::Defaults, Source::Devices, Source::Overrides, Source::Multipaths})
            for (const auto& [key, value] : in_force[source])
                if (listed(key)) keys.insert(key);

        std::vector<Setting> result;
        for (const std::string_view key : keys)
            if (const auto source = strongest(in_force, key))
                result.push_back(setting(key, *source, *find(in_force[*source], key)));
        reconcile(result);
        return result;
    }

  private:
    // A key that multipathd shows and that this table does not know is of a newer version: listed.
    bool listed(std::string_view key) const noexcept {
        const KeyKind kind = find_keyword(key).kind;
        return kind == KeyKind::OfMap || (kind == KeyKind::Unknown && shown_ != nullptr);
    }

    Setting setting(std::string_view key, Source source, const Value& value) const {
        Setting result;
        result.key = key;
        result.value = value.text;
        result.source = source;
        result.section = value.section;
        if (shown_ == nullptr) {
            result.file = value.file;
            result.line = value.line;
            return result;
        }

        if (const Value* origin = find(written_[source], key)) {
            result.file = origin->file;
            result.line = origin->line;
            result.section = origin->section;
            if (!same_meaning(key, origin->text, value.text)) {
                result.written = origin->text;
                result.note = "The file says something else than multipathd has loaded.";
            }
        } else if (source == Source::Devices || source == Source::Defaults) {
            result.source = Source::BuiltIn;
        } else {
            result.note = "No file says so any more; multipathd has not read them since.";
        }

        const auto wanted = strongest(written_, key);
        if (wanted && *wanted > source) {
            const Value& stronger = *find(written_[*wanted], key);
            result.note =
                "multipathd has not loaded \"" + stronger.text + "\" from " + place(stronger) + ".";
        }
        return result;
    }

    static Setting* find_setting(std::vector<Setting>& settings, std::string_view key) noexcept {
        const auto found = std::find_if(settings.begin(), settings.end(),
                                        [&](const Setting& s) { return s.key == key; });
        return found == settings.end() ? nullptr : &*found;
    }

    static void add_note(Setting* setting, std::string_view note) {
        if (setting == nullptr) return;
        if (!setting->note.empty()) setting->note += ' ';
        setting->note += note;
    }

    static bool is_on(const Setting* setting) noexcept {
        return setting != nullptr && one_of(setting->value, {"yes", "1", "on"});
    }

    // What one setting does to another.
    static void reconcile(std::vector<Setting>& settings) {
        // select_prio(): the arguments are taken from where the prioritizer came from.
        const Setting* prio = find_setting(settings, "prio");
        const Setting* args = find_setting(settings, "prio_args");
        if (prio != nullptr && args != nullptr && args->section != prio->section &&
            args->source != prio->source)
            settings.erase(settings.begin() + (args - settings.data()));

        // reconcile_features_with_options(): the old way to say no_path_retry.
        const Setting* features = find_setting(settings, "features");
        if (features != nullptr && find_setting(settings, "no_path_retry") == nullptr &&
            features->value.find("queue_if_no_path") != std::string::npos) {
            Setting retry = *features;
            retry.key = "no_path_retry";
            retry.value = "queue";
            retry.written.clear();
            retry.note = "Follows from queue_if_no_path in features.";
            const auto place =
                std::lower_bound(settings.begin(), settings.end(), retry,
                                 [](const Setting& a, const Setting& b) { return a.key < b.key; });
            settings.insert(place, std::move(retry));
        }

        if (is_on(find_setting(settings, "detect_prio")))
            add_note(find_setting(settings, "prio"),
                     "With detect_prio multipathd takes another one for a device that it knows "
                     "better by its target port groups.");
        if (is_on(find_setting(settings, "detect_checker")))
            add_note(find_setting(settings, "path_checker"),
                     "With detect_checker multipathd takes another one for a device that it knows "
                     "better by its target port groups.");
        if (is_on(find_setting(settings, "retain_attached_hw_handler")))
            add_note(find_setting(settings, "hardware_handler"),
                     "With retain_attached_hw_handler the one that the kernel has attached stays.");
    }

    const MapLayers& written_;
    const MapLayers* shown_;
};

} // namespace

struct EffectiveSettings::Prepared {
    Prepared(std::span<const ConfFile> files, const std::optional<ConfFile>& shown_config)
      : written(files, shown_config.has_value() ? Trust::Checked : Trust::Unchecked) {
        if (shown_config) shown.emplace(std::span(&*shown_config, 1), Trust::Checked);
    }

    Layers written;
    std::optional<Layers> shown;
};

std::string_view to_string(Source source) noexcept {
    switch (source) {
    case Source::BuiltIn:
        return "built-in";
    case Source::Defaults:
        return "defaults";
    case Source::Devices:
        return "devices";
    case Source::Overrides:
        return "overrides";
    case Source::Multipaths:
        return "multipaths";
    }
    return "";
}

EffectiveSettings::EffectiveSettings(std::span<const ConfFile> files,
                                     const std::optional<ConfFile>& shown)
  : prepared_(std::make_unique<Prepared>(files, shown)) {}
EffectiveSettings::~EffectiveSettings() = default;
EffectiveSettings::EffectiveSettings(EffectiveSettings&&) noexcept = default;
EffectiveSettings& EffectiveSettings::operator=(EffectiveSettings&&) noexcept = default;

std::vector<Setting> EffectiveSettings::of(const MapIdentity& map) {
    const MapLayers written = prepared_->written.of(map);
    if (!prepared_->shown) return Resolver(written, nullptr).settings();
    const MapLayers shown = prepared_->shown->of(map);
    return Resolver(written, &shown).settings();
}

std::vector<Setting> effective_settings(std::span<const ConfFile> files,
                                        const std::optional<ConfFile>& shown,
                                        const MapIdentity& map) {
    return EffectiveSettings(files, shown).of(map);
}

} // namespace mpapi::multipath_conf
