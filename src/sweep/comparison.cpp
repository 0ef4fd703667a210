#include "sweep/comparison.hpp"

#include <map>
#include <string>
#include <utility>

namespace medpfl {
namespace {

// The options of a point, those that the grid leaves to the base included.
struct Point {
  std::string setting;   // all options of the grid besides run.seed
  std::string attacked;  // the same without those of defenses
  std::string messages;  // the same without those of attacks
  std::string seed;
  bool defended = false;
};

Point point_of(const SweepPlan& plan, const std::vector<std::string>& values) {
  const auto base = [&](const std::string& option) { return plan.base.entries().at(option).value; };
  Point out;
  out.seed = base("run.seed");
  out.defended = !base("defense.chain").empty();
  for (size_t i = 0; i < plan.grid.options.size(); ++i) {
    const std::string& option = plan.grid.options[i].first;
    const std::string value = values[i].empty() ? base(option) : values[i];
    if (option == "run.seed") {
      out.seed = value;
      continue;
    }
    if (option == "defense.chain") out.defended = !value.empty();
    const std::string line = option + "=" + value + "\n";
    out.setting += line;
    if (option.rfind("defense.", 0) != 0) out.attacked += line;
    if (option.rfind("attack.", 0) != 0) out.messages += line;
  }
  return out;
}

}  // namespace

std::vector<Comparison> compare_points(const SweepPlan& plan) {
  std::vector<Point> points;
  std::map<std::string, std::string> controls;                     // setting, by `attacked`
  std::map<std::pair<std::string, std::string>, int64_t> numbers;  // by setting and seed
  std::map<std::string, int64_t> messages;                         // first points
  for (const Grid::Point& point : plan.grid.points) {
    const auto number = static_cast<int64_t>(points.size());
    points.push_back(point_of(plan, point.values));
    const Point& p = points.back();
    numbers.emplace(std::make_pair(p.setting, p.seed), number);
    messages.emplace(p.messages, number);
    if (!p.defended) controls.emplace(p.attacked, p.setting);
  }
  std::vector<Comparison> out;
  for (const Point& p : points) {
    Comparison one;
    one.defended = p.defended;
    one.messages = messages.at(p.messages);
    const auto control = p.defended ? controls.find(p.attacked) : controls.end();
    const bool has_control = control != controls.end();
    const std::string& other = has_control ? control->second : points.front().setting;
    const auto number = numbers.find({other, p.seed});
    if (other != p.setting && number != numbers.end()) {
      one.point = number->second;
      one.control = has_control;
    }
    out.push_back(one);
  }
  return out;
}

}  // namespace medpfl
