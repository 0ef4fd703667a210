#include "models/unpickler.hpp"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "core/error.hpp"

namespace medpfl {
namespace {

constexpr int64_t kMostSteps = int64_t{1} << 22;
// What may be pushed again and again is short, else it would take far more memory than the file.
constexpr size_t kLongestGlobal = 256;  // of a module, a class or a function
constexpr size_t kMostParts = 16;       // of a persistent id

// Opcodes of Python's pickletools, protocols 2 to 5.
enum Op : uint8_t {
  kProto = 0x80,
  kFrame = 0x95,
  kGlobal = 'c',
  kStackGlobal = 0x93,
  kBinPut = 'q',
  kLongBinPut = 'r',
  kMemoize = 0x94,
  kBinGet = 'h',
  kLongBinGet = 'j',
  kMark = '(',
  kPop = '0',
  kPopMark = '1',
  kDup = '2',
  kEmptyTuple = ')',
  kTuple = 't',
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kEmptyDict = '}',
  kEmptyList = ']',
  kEmptySet = 0x8f,
  kFrozenSet = 0x91,
  kUnicode = 'X',
  kShortUnicode = 0x8c,
  kUnicode8 = 0x8d,
  kString = 'T',
  kShortString = 'U',
  kBytes = 'B',
  kShortBytes = 'C',
  kBytes8 = 0x8e,
  kByteArray8 = 0x96,
  kInt1 = 'K',
  kInt2 = 'M',
  kInt4 = 'J',
  kLong1 = 0x8a,
  kLong4 = 0x8b,
  kFloat = 'G',
  kNone = 'N',
  kTrue = 0x88,
  kFalse = 0x89,
  kPersistentId = 'Q',
  kReduce = 'R',
  kNewObject = 0x81,
  kNewObjectEx = 0x92,
  kBuild = 'b',
  kSetItem = 's',
  kSetItems = 'u',
  kAppend = 'a',
  kAppends = 'e',
  kAddItems = 0x90,
  kStop = '.',
};

[[noreturn]] void malformed() { throw DataError("its pickle is malformed"); }

}  // namespace

const std::string& Pickled::made_by() const {
  static const std::string nothing;
  return kind == Kind::kObject && callable->kind == Kind::kGlobal ? callable->text : nothing;
}

std::string_view Unpickler::take(uint64_t n) {
  if (n > bytes_.size() - at_) throw DataError("it ends early");
  at_ += n;
  return bytes_.substr(at_ - n, n);
}

template <class T>
T Unpickler::number() {
  T value{};
  std::memcpy(&value, take(sizeof value).data(), sizeof value);
  return value;
}

std::string_view Unpickler::line() {
  const size_t end = bytes_.find('\n', at_);
  if (end == std::string_view::npos) throw DataError("it ends early");
  const std::string_view text = take(end - at_);
  take(1);
  return text;
}

Pickled* Unpickler::top() const {
  if (stack_.empty()) malformed();
  return stack_.back();
}

Pickled* Unpickler::pop() {
  Pickled* value = top();
  stack_.pop_back();
  return value;
}

std::vector<const Pickled*> Unpickler::pop_last(size_t n) {
  if (n > stack_.size()) malformed();
  const auto first = stack_.end() - static_cast<std::ptrdiff_t>(n);
  std::vector<const Pickled*> items(first, stack_.end());
  stack_.erase(first, stack_.end());
  return items;
}

std::vector<const Pickled*> Unpickler::pop_to_mark() {
  if (marks_.empty() || marks_.back() > stack_.size()) malformed();
  const size_t mark = marks_.back();
  marks_.pop_back();
  return pop_last(stack_.size() - mark);
}

Pickled* Unpickler::push(Kind kind) {
  stack_.push_back(&values_.emplace_back());
  stack_.back()->kind = kind;
  return stack_.back();
}

void Unpickler::push_text(Kind kind, std::string_view text) { push(kind)->text = text; }

void Unpickler::push_integer(std::string_view little_endian) {
  if (little_endian.size() > sizeof(int64_t)) return push_text(Kind::kBytes, little_endian);
  const bool negative = !little_endian.empty() && (little_endian.back() & 0x80) != 0;
  int64_t value = negative ? -1 : 0;
  if (!little_endian.empty()) std::memcpy(&value, little_endian.data(), little_endian.size());
  push(Kind::kInteger)->integer = value;
}

void Unpickler::push_items(Kind kind, std::vector<const Pickled*> items) {
  push(kind)->items = std::move(items);
}

void Unpickler::push_global(std::string_view module, std::string_view name) {
  if (module.size() > kLongestGlobal || name.size() > kLongestGlobal) malformed();
  push_text(Kind::kGlobal, fmt::format("{} {}", module, name));
}

void Unpickler::push_object(const Pickled* callable, const Pickled* arguments) {
  Pickled* object = push(Kind::kObject);
  object->callable = callable;
  object->arguments = arguments;
}

void Unpickler::fill(const std::vector<const Pickled*>& items) {
  std::vector<const Pickled*>& to = top()->items;
  to.insert(to.end(), items.begin(), items.end());
}

void Unpickler::recall(uint64_t place) {
  const auto found = memo_.find(place);
  if (found == memo_.end()) malformed();
  stack_.push_back(found->second);
}

bool Unpickler::push_plain(uint8_t op) {
  switch (op) {
    case kUnicode:
    case kString:
      push_text(Kind::kText, take(number<uint32_t>()));
      break;
    case kShortUnicode:
    case kShortString:
      push_text(Kind::kText, take(number<uint8_t>()));
      break;
    case kUnicode8:
      push_text(Kind::kText, take(number<uint64_t>()));
      break;
    case kBytes:
      push_text(Kind::kBytes, take(number<uint32_t>()));
      break;
    case kShortBytes:
      push_text(Kind::kBytes, take(number<uint8_t>()));
      break;
    case kBytes8:
    case kByteArray8:
      push_text(Kind::kBytes, take(number<uint64_t>()));
      break;
    case kInt1:
      push(Kind::kInteger)->integer = number<uint8_t>();
      break;
    case kInt2:
      push(Kind::kInteger)->integer = number<uint16_t>();
      break;
    case kInt4:
      push(Kind::kInteger)->integer = number<int32_t>();
      break;
    case kLong1:
      push_integer(take(number<uint8_t>()));
      break;
    case kLong4:
      push_integer(take(number<uint32_t>()));
      break;
    case kFloat:
      take(8);
      push(Kind::kOther);
      break;
    case kNone:
    case kTrue:
    case kFalse:
      push(Kind::kOther);
      break;
    default:
      return false;
  }
  return true;
}

bool Unpickler::build(uint8_t op) {
  switch (op) {
    case kEmptyDict:
      push(Kind::kDict);
      break;
    case kEmptyTuple:
    case kEmptyList:
    case kEmptySet:
      push(Kind::kSequence);
      break;
    case kTuple:
    case kFrozenSet:
      push_items(Kind::kSequence, pop_to_mark());
      break;
    case kTuple1:
    case kTuple2:
    case kTuple3:
      push_items(Kind::kSequence, pop_last(static_cast<size_t>(op - kTuple1 + 1)));
      break;
    case kPersistentId: {
      const std::vector<const Pickled*>& parts = pop()->items;
      if (parts.size() > kMostParts) malformed();
      push_items(Kind::kPersistentId, parts);
      persistent_ids_.push_back(top());
      break;
    }
    case kReduce:
    case kNewObject: {
      const Pickled* arguments = pop();
      push_object(pop(), arguments);
      break;
    }
    case kNewObjectEx: {
      pop();  // arguments by name
      const Pickled* arguments = pop();
      push_object(pop(), arguments);
      break;
    }
    case kBuild: {
      const Pickled* state = pop();
      top()->state = state;
      break;
    }
    case kSetItem:
      fill(pop_last(2));
      break;
    case kAppend:
      fill(pop_last(1));
      break;
    case kSetItems:
    case kAppends:
    case kAddItems:
      fill(pop_to_mark());
      break;
    default:
      return false;
  }
  return true;
}

bool Unpickler::step() {
  if (++steps_ > kMostSteps) throw DataError("its pickle is too long for one of weights");
  const auto op = number<uint8_t>();
  switch (op) {
    case kProto:
      take(1);
      break;
    case kFrame:
      take(8);
      break;
    case kGlobal: {
      const std::string_view module = line();
      push_global(module, line());
      break;
    }
    case kStackGlobal: {
      const Pickled *name = pop(), *module = pop();
      push_global(module->text, name->text);
      break;
    }
    case kBinPut:
      remember(number<uint8_t>());
      break;
    case kLongBinPut:
      remember(number<uint32_t>());
      break;
    case kMemoize:
      remember(memo_.size());
      break;
    case kBinGet:
      recall(number<uint8_t>());
      break;
    case kLongBinGet:
      recall(number<uint32_t>());
      break;
    case kMark:
      marks_.push_back(stack_.size());
      break;
    case kPop:
      pop();
      break;
    case kPopMark:
      pop_to_mark();
      break;
    case kDup:
      stack_.push_back(top());
      break;
    case kStop:
      return false;
    default:
      if (!push_plain(op) && !build(op))
        throw DataError(
            fmt::format("its pickle has opcode {:#x}, which torch.save does not write", op));
  }
  return true;
}

const Pickled& Unpickler::read() {
  stack_.clear();
  marks_.clear();
  memo_.clear();
  while (step()) {
  }
  return *pop();
}

}  // namespace medpfl
