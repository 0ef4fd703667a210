#include "core/log.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdio>

#include "core/text.hpp"

namespace medpfl {

void start_log(int rank, int ranks, bool quiet) {
  auto logger = std::make_shared<spdlog::logger>(
      "medpfl", std::make_shared<spdlog::sinks::stderr_color_sink_st>());
  const std::string who = ranks > 1 ? fmt::format(" [rank {}]", rank) : std::string();
  logger->set_pattern("[%Y-%m-%d %H:%M:%S]" + who + " %^%v%$");
  logger->set_level(rank != 0 || quiet ? spdlog::level::warn : spdlog::level::info);
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(logger);
}

void show_information() { spdlog::set_level(spdlog::level::info); }

bool shows_information() { return spdlog::should_log(spdlog::level::info); }

QuietScope::QuietScope() : shown_(shows_information()) { spdlog::set_level(spdlog::level::err); }
QuietScope::~QuietScope() { spdlog::set_level(shown_ ? spdlog::level::info : spdlog::level::warn); }

void log_info(const std::string& message) { spdlog::info("{}", escaped(message)); }
void log_warning(const std::string& message) { spdlog::warn("warning: {}", escaped(message)); }
void log_error(const std::string& message) { spdlog::error("error: {}", escaped(message)); }

Progress::Progress(std::string what, int64_t total, JobControl* control, SecondsLeft left)
    : what_(std::move(what)),
      total_(total),
      control_(control),
      seconds_left_(std::move(left)),
      time_left_(seconds_left_ ? "at most" : "about"),
      terminal_(isatty(STDERR_FILENO) != 0),
      start_(Clock::now()),
      last_(start_) {}

Progress::~Progress() {
  if (terminal_ && shown_) std::fputs("\r\033[K", stderr);
}

std::optional<double> Progress::seconds_left(int64_t done, double elapsed) const {
  if (done >= total_) return std::nullopt;
  if (seconds_left_) return seconds_left_(elapsed);
  if (done == 0) return std::nullopt;
  return elapsed * static_cast<double>(total_ - done) / static_cast<double>(done);
}

void Progress::update(int64_t done, const std::string& detail, const std::string& more) {
  const Clock::time_point now = Clock::now();
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  const bool tell = !told_ || now - *told_ >= std::chrono::seconds(1);
  const bool show =
      shows_information() &&
      (terminal_ ? now - last_ >= std::chrono::milliseconds(200) : backoff_.due(elapsed));
  if (!tell && !show) return;
  const std::optional<double> seconds = seconds_left(done, elapsed);
  if (tell) {
    told_ = now;
    const std::string between = detail.empty() || more.empty() ? "" : "; ";
    control_->tell({what_, done, total_, seconds, detail + between + more});
  }
  if (!show) return;
  last_ = now;
  const std::string left = seconds ? ", " + time_left_.show(*seconds) : "";
  const std::string line =
      fmt::format("{} {}/{}{}{}{}", what_, done, total_, left, detail.empty() ? "" : ", ", detail);
  if (terminal_) {
    std::fputs(("\r\033[K" + escaped(line)).c_str(), stderr);
    std::fflush(stderr);
    shown_ = true;
  } else {
    log_info(line);
  }
}

}  // namespace medpfl
