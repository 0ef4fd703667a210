#include "audit/frozen_schedules.hpp"

#include <string>
#include <vector>

#include "core/text.hpp"
#include "defenses/round_schedule.hpp"

namespace medpfl {
namespace {

// A value that follows a schedule: defense.dp-sgd and sigma.
struct Scheduled {
  std::string section, name;
};

std::vector<Scheduled> scheduled_values(const Config& config) {
  std::vector<Scheduled> out;
  const std::string constant = word_of(RoundCourse::kConstant);
  for (const auto& [option, entry] : config.entries()) {
    const size_t point = option.rfind('.');
    const std::string name = option.substr(point + 1);
    if (option.rfind("defense.", 0) == 0 && name.size() > kScheduleSuffix.size() &&
        name.substr(name.size() - kScheduleSuffix.size()) == kScheduleSuffix &&
        entry.value != constant)
      out.push_back(
          {option.substr(0, point), name.substr(0, name.size() - kScheduleSuffix.size())});
  }
  return out;
}

}  // namespace

void freeze_schedules(int64_t round, int64_t rounds, const std::string& source, Config* config) {
  for (const Scheduled& one : scheduled_values(*config)) {
    const OptionValues own = config->section(one.section);
    const RoundSchedule schedule(schedule_options(one.name, "").read(own), pace_options().read(own),
                                 one.name, one.section);
    const std::string option = one.section + "." + one.name;
    config->assign(option, shortest(schedule.at(round, rounds)), source);
    config->assign(option + kLastSuffix, "same", source);
    config->assign(option + kScheduleSuffix, word_of(RoundCourse::kConstant), source);
  }
}

}  // namespace medpfl
