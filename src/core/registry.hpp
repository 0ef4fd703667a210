#pragma once
#include <fmt/format.h>

#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/options.hpp"
#include "core/text.hpp"

namespace medpfl {

/// One row of a family's table: a component of that family, such as one attack.
template <class Factory>
struct RegistryEntry {
  std::string name;
  std::string summary;              ///< one line
  std::string paper;                ///< citation, "" where there is none
  std::vector<OptionSpec> options;  ///< options of the component's own section [family.NAME]
  Factory create;
};

/// The table of all components of a family. It is written out as one list, because components that
/// register themselves would be dropped when static libraries are linked.
template <class Factory>
class Registry {
 public:
  Registry(std::string family, std::vector<RegistryEntry<Factory>> entries)
      : family_(std::move(family)), entries_(std::move(entries)) {}

  const std::string& family() const { return family_; }
  const std::vector<RegistryEntry<Factory>>& entries() const { return entries_; }

  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& entry : entries_) out.push_back(entry.name);
    return out;
  }

  /// Returns the row with this name. Throws ConfigError with the nearest known name and all names.
  const RegistryEntry<Factory>& find(const std::string& name) const {
    for (const auto& entry : entries_)
      if (entry.name == name) return entry;
    const std::string guess = nearest(name, names());
    throw ConfigError(fmt::format("unknown {} '{}'{}; known: {}", family_, name,
                                  guess.empty() ? "" : " (did you mean " + guess + "?)",
                                  join(names())));
  }

 private:
  std::string family_;
  std::vector<RegistryEntry<Factory>> entries_;
};

}  // namespace medpfl
