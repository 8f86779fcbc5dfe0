// Which words of a request are keys: from the key specifications alone, for
// COMMAND GETKEYS, access control and clusters.

import Primitives
import RESP

/// A word that is a key, and what the command does with it.
public struct KeyReference: Sendable {
    public let index: Int
    public let flags: KeyFlags
}

/// Positions of keys in the form that clients knew before key specifications.
public struct LegacyKeyRange: Equatable, Sendable {
    public var first = 0
    /// Negative: counted from the end.
    public var last = 0
    public var step = 0
}

extension CommandDeclaration {
    /// The first key, the last one and the step between, as far as fixed positions tell.
    public var legacyKeyRange: LegacyKeyRange { legacyKeys.range }

    /// Whether fixed positions do not tell all keys.
    public var hasMovableKeys: Bool { flags.contains(.movableKeys) || legacyKeys.isMovable }

    /// All flags that clients are told.
    public var toldFlags: CommandFlags { hasMovableKeys ? flags.union(.movableKeys) : flags }

    private var legacyKeys: (range: LegacyKeyRange, isMovable: Bool) {
        if keys.count == 1, case .index(let first) = keys[0].begin, case .range(let last, let step, _) = keys[0].find {
            return (LegacyKeyRange(first: first, last: last >= 0 ? first + last : last, step: step), false)
        }
        var range = LegacyKeyRange()
        var isMovable = false
        for specification in keys {
            guard case .index(let first) = specification.begin, case .range(let last, 1, _) = specification.find,
                range.step == 0 || range.last == first - 1
            else {
                isMovable = true
                continue
            }
            if specification.flags.contains(.incomplete) { isMovable = true }
            if range.step == 0 { range = LegacyKeyRange(first: first, last: 0, step: 1) }
            range.last = last >= 0 ? first + last : last
        }
        return (range, isMovable)
    }
}

extension Command {
    /// The keys among `arguments`, of which the word at `first` is the
    /// command's name; nil when the words do not fit the specifications.
    public func keys(of arguments: borrowing Arguments, from first: Int = 0) -> [KeyReference]? {
        var found: [KeyReference] = []
        for specification in declaration.keys where !specification.flags.contains(.notKey) {
            let flags = specification.flags(in: arguments, first)
            if let option = specification.option {
                if let index = option.key(arguments, first) { found.append(KeyReference(index: index, flags: flags)) }
                continue
            }
            guard let begin = specification.begin.position(arguments, first) else { continue }
            guard let range = specification.find.range(arguments, first, begin) else { return nil }
            // Keys behind a word of their own take the place of an empty key (MIGRATE).
            if case .keyword = specification.begin, let last = found.last, arguments[last.index].byteCount == 0 {
                found.removeLast()
            }
            var index = range.first
            while index <= range.last {
                found.append(KeyReference(index: index, flags: flags))
                index += range.step
            }
        }
        return found
    }
}

extension KeySpecification {
    /// The flags that hold for this request.
    fileprivate func flags(in arguments: borrowing Arguments, _ first: Int) -> KeyFlags {
        let told = flags.subtracting([.variableFlags, .incomplete])
        guard let variation else { return told }
        var index = first + variation.start
        while index < arguments.count {
            for word in variation.words where arguments[index].matches(word) { return told }
            index += 1
        }
        return variation.otherwise
    }
}

extension KeySpecification.Option {
    /// Where the option's key stands, counted from the first word of the view; nil when there is none.
    fileprivate func key(_ arguments: borrowing Arguments, _ first: Int) -> Int? {
        var found: Int?
        var index = first + start
        while index < arguments.count {
            if arguments[index].matches(word), index + 1 < arguments.count {
                index += 1
                found = index
            } else {
                for other in others where arguments[index].matches(other.word) {
                    index += other.count
                    break
                }
            }
            index += 1
        }
        return found
    }
}

extension KeySpecification.Begin {
    /// Where the keys begin, counted from the first word of the view; nil when they are not there.
    fileprivate func position(_ arguments: borrowing Arguments, _ first: Int) -> Int? {
        switch self {
        case .unknown: return nil
        case .index(let index): return first + index
        case .keyword(let keyword, let start):
            let count = arguments.count - first
            var index = start >= 0 ? start : count + start
            while index > 0, index < count {
                if arguments[first + index].matches(keyword) { return first + index + 1 }
                index += start >= 0 ? 1 : -1
            }
            return nil
        }
    }
}

extension KeySpecification.Find {
    /// The keys from `begin` on; nil when the words contradict the specification.
    fileprivate func range(
        _ arguments: borrowing Arguments, _ first: Int, _ begin: Int
    ) -> (first: Int, last: Int, step: Int)? {
        let count = arguments.count
        switch self {
        case .unknown: return nil
        case .range(let last, let step, let limit):
            let end: Int
            if last >= 0 {
                end = begin + last
            } else if limit == 0 {
                end = count + last
            } else {
                end = begin + (count - begin) / limit + last
            }
            guard begin < count, end < count else { return nil }
            return (begin, end, max(1, step))
        case .keynum(let index, let firstKey, let step):
            // The number comes from the client: it is compared with the room before anything is computed from it.
            guard begin + index < count, let number = arguments[begin + index].canonicalInteger, number > 0 else {
                return nil
            }
            let start = begin + firstKey
            let room = max(0, count - start)
            let stride = max(1, step)
            guard number <= Int64((room + stride - 1) / stride) else { return nil }
            return (start, start + (Int(number) - 1) * stride, stride)
        }
    }
}
