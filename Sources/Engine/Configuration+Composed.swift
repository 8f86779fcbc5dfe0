// Directives whose value is not one word: lists of numbers, limits by class,
// sizes that may be percentages.

import Primitives

extension Directive {
    static func number(_ word: [UInt8]) -> Int64? { word.rawSpan.canonicalInteger }

    /// As many integers as the setting has, all within `range`.
    static func numbers(_ field: Field<[Int64]>, _ range: ClosedRange<Int64>) -> Kind {
        .composed(
            get: { $0[keyPath: field].map(String.init).joined(separator: " ") },
            set: { (configuration, words) throws(Refusal) in
                let parts = words.flatMap { $0.split(separator: 32).map(Array.init) }
                guard parts.count == configuration[keyPath: field].count else { throw Refusal(text: "wrong number of arguments") }
                var values: [Int64] = []
                for part in parts {
                    guard let value = part.rawSpan.canonicalInteger, range.contains(value) else {
                        throw Refusal(text: "Invalid oom-score-adj-values, elements must be between -2000 and 2000.")
                    }
                    values.append(value)
                }
                for (lower, higher) in zip(values, values.dropFirst()) where higher < lower {
                    throw Refusal(text: "Invalid oom-score-adj-values, elements must be in ascending order.")
                }
                configuration[keyPath: field] = values
            })
    }

    /// Bytes with units, or a percentage, which the setting holds as a negative number.
    static func memoryOrPercent(_ field: Field<Int64>) -> Kind {
        .composed(
            get: { configuration in
                let value = configuration[keyPath: field]
                return value < 0 ? "\(-value)%" : "\(value)"
            },
            set: { (configuration, words) throws(Refusal) in
                guard words.count == 1 else { throw .wordCount }
                if words[0].last == 37 {
                    let percent = Array(words[0].dropLast()).rawSpan.canonicalInteger
                    guard let percent, (0...100).contains(percent) else {
                        throw Refusal(text: "argument must be a memory or percent value")
                    }
                    configuration[keyPath: field] = -percent
                } else {
                    guard let value = bytes(words[0]) else { throw Refusal(text: "argument must be a memory or percent value") }
                    configuration[keyPath: field] = value
                }
            })
    }
}

extension DirectiveTable {
    static var percentiles: Directive.Kind {
        .composed(
            get: { $0.monitoring.percentiles.map(text).joined(separator: " ") },
            set: { (configuration, words) throws(Directive.Refusal) in
                var values: [Double] = []
                for part in words.flatMap({ $0.split(separator: 32) }) {
                    guard let value = Double(String(decoding: part, as: UTF8.self)), (0...100).contains(value) else {
                        throw Directive.Refusal(text: "latency-tracking-info-percentiles should contain values between 0.0 and 100.0")
                    }
                    values.append(value)
                }
                configuration.monitoring.percentiles = values
            })
    }

    private static func text(_ value: Double) -> String {
        value == value.rounded() ? String(Int(value)) : String(value)
    }

    /// `class hard soft seconds`, several of them.
    static var outputBuffers: Directive.Kind {
        .composed(
            get: { configuration in
                zip(["normal", "slave", "pubsub"], configuration.limits.outputBuffers).map { name, limit in
                    "\(name) \(limit.hard) \(limit.soft) \(limit.softSeconds)"
                }.joined(separator: " ")
            },
            set: { (configuration, words) throws(Directive.Refusal) in
                let parts = words.flatMap { $0.split(separator: 32).map(Array.init) }
                guard !parts.isEmpty, parts.count % 4 == 0 else { throw Directive.Refusal(text: "wrong number of arguments") }
                for start in stride(from: 0, to: parts.count, by: 4) {
                    guard let type = clientClass(parts[start]) else {
                        throw Directive.Refusal(text: "Invalid client class specified in buffer limit configuration.")
                    }
                    guard let hard = Directive.bytes(parts[start + 1]), let soft = Directive.bytes(parts[start + 2]),
                        let seconds = Directive.number(parts[start + 3]), seconds >= 0
                    else { throw Directive.Refusal(text: "Error in hard, soft or soft_seconds setting in buffer limit configuration.") }
                    configuration.limits.outputBuffers[type.rawValue] = OutputBufferLimit(hard: hard, soft: soft, softSeconds: seconds)
                }
            })
    }

    private static func clientClass(_ word: [UInt8]) -> ClientClass? {
        switch String(decoding: word, as: UTF8.self).lowercased() {
        case "normal": .normal
        case "slave", "replica": .replica
        case "pubsub": .pubsub
        default: nil
        }
    }
}
