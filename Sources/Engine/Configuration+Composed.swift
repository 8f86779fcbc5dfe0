// Directives whose value is not one word, or is checked in a way of its own:
// lists of numbers, limits by class, sizes that may be percentages.

import Primitives

extension Directive {
    /// Bytes with units, or a percentage, which the setting holds as a negative number.
    static func memoryOrPercent(_ field: Field<Int64>) -> Kind {
        .composed(
            get: { configuration in
                let value = configuration[keyPath: field]
                return value < 0 ? "\(-value)%" : "\(value)"
            },
            set: { (configuration, words) throws(Refusal) in
                let word = words[0]
                if word.last == 37 {
                    let digits = word.dropLast()
                    guard !digits.isEmpty, digits.allSatisfy(\.isDigit) else {
                        throw Refusal(text: "argument must be a memory or percent value")
                    }
                    guard let percent = looseInteger(Array(digits)), percent <= 100 else {
                        throw Refusal(text: "percentage argument must be less or equal to 100")
                    }
                    configuration[keyPath: field] = -percent
                } else {
                    guard let size = bytes(word), let value = Int64(exactly: size) else {
                        throw Refusal(text: "argument must be a memory or percent value")
                    }
                    configuration[keyPath: field] = value
                }
            })
    }
}

extension DirectiveTable {
    typealias Refusal = Directive.Refusal

    /// Addresses to listen on; none at all: no TCP.
    static var bind: Directive.Kind {
        .composed(
            get: { $0.network.bind.joined(separator: " ") },
            set: { (configuration, words) throws(Refusal) in
                guard words.count <= 16 else { throw Refusal(text: "Too many bind addresses specified.") }
                configuration.network.bind = words == [[]] ? [] : words.map { String(decoding: $0, as: UTF8.self) }
            })
    }

    /// `relative` is another word for `yes`.
    static var outOfMemoryScore: Directive.Kind {
        .choice(
            OutOfMemoryScore.allCases.map(\.rawValue), get: { $0.process.outOfMemoryScore.rawValue },
            set: { configuration, word in
                let value = OutOfMemoryScore(rawValue: word) ?? .no
                configuration.process.outOfMemoryScore = value == .relative ? .yes : value
            })
    }

    static var outOfMemoryValues: Directive.Kind {
        .composed(
            get: { $0.process.outOfMemoryValues.map(String.init).joined(separator: " ") },
            set: { (configuration, words) throws(Refusal) in
                guard words.count == configuration.process.outOfMemoryValues.count else { throw .wordCount }
                var values: [Int64] = []
                for word in words {
                    guard let value = Directive.looseInteger(word), (-2000...2000).contains(value) else {
                        throw Refusal(text: "Invalid oom-score-adj-values, elements must be between -2000 and 2000.")
                    }
                    values.append(value)
                }
                configuration.process.outOfMemoryValues = values
            })
    }

    /// Milliseconds of which fewer than 200 count as 200, but for 0.
    static var watchdog: Directive.Kind {
        .composed(
            get: { "\($0.log.watchdogMilliseconds)" },
            set: { (configuration, words) throws(Refusal) in
                let value = try Directive.integer(words[0], 0...Int64(Int32.max))
                configuration.log.watchdogMilliseconds = value == 0 ? 0 : max(200, value)
            })
    }

    /// Words of SHUTDOWN, told in the order in which they stand here.
    static func shutdownWords(_ field: Directive.Field<[UInt8]>) -> Directive.Kind {
        .composed(
            get: { String(decoding: $0[keyPath: field], as: UTF8.self) },
            set: { (configuration, words) throws(Refusal) in
                let known = ["default", "save", "nosave", "now", "force", "safe", "failover"]
                var wanted: Set<String> = []
                for word in words.isEmpty ? [[]] : words { wanted.insert(try Directive.option(word, of: known)) }
                guard !wanted.isSuperset(of: ["save", "nosave"]) else {
                    throw Refusal(text: "shutdown options SAVE and NOSAVE can't be used simultaneously")
                }
                if wanted.count > 1 { wanted.remove("default") }
                configuration[keyPath: field] = [UInt8](known.filter { wanted.contains($0) }.joined(separator: " "))
            })
    }

    static var percentiles: Directive.Kind {
        .composed(
            get: { $0.monitoring.percentiles.map(decimal).joined(separator: " ") },
            set: { (configuration, words) throws(Refusal) in
                var values: [Double] = []
                for word in words == [[]] ? [] : words {
                    let text = String(decoding: word, as: UTF8.self)
                    guard !text.lowercased().contains("x"), let value = Double(text), !value.isNaN else {
                        throw Refusal(text: "Invalid latency-tracking-info-percentiles parameters")
                    }
                    guard (0...100).contains(value) else {
                        throw Refusal(text: "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")
                    }
                    values.append(value)
                }
                configuration.monitoring.percentiles = values
            })
    }

    static var keyEvents: Directive.Kind {
        .composed(
            get: { String(decoding: $0.monitoring.keyEvents.letters, as: UTF8.self) },
            set: { (configuration, words) throws(Refusal) in
                guard let classes = KeyEventClasses(letters: words[0]) else {
                    throw Refusal(text: "Invalid event class character. Use '\(KeyEventClasses.allLetters)'.")
                }
                configuration.monitoring.keyEvents = classes
            })
    }

    /// A number up to 100 with at most six decimals, without zeros at their end.
    private static func decimal(_ value: Double) -> String {
        let millionths = Int((value * 1_000_000).rounded())
        var decimals = String(String(millionths % 1_000_000 + 1_000_000).dropFirst())
        while decimals.last == "0" { decimals.removeLast() }
        return "\(millionths / 1_000_000)" + (decimals.isEmpty ? "" : "." + decimals)
    }

    /// `class hard soft seconds`, several of them.
    static var outputBuffers: Directive.Kind {
        .composed(
            get: { configuration in
                zip(["normal", "slave", "pubsub"], configuration.limits.outputBuffers).map { name, limit in
                    "\(name) \(limit.hard) \(limit.soft) \(limit.softSeconds)"
                }.joined(separator: " ")
            },
            set: { (configuration, words) throws(Refusal) in
                guard words.count % 4 == 0 else {
                    throw Refusal(text: "Wrong number of arguments in buffer limit configuration.")
                }
                var limits = configuration.limits.outputBuffers
                for start in stride(from: 0, to: words.count, by: 4) {
                    guard let type = clientClass(words[start]) else {
                        throw Refusal(text: "Invalid client class specified in buffer limit configuration.")
                    }
                    guard let limit = limit(words[(start + 1)..<(start + 4)]) else {
                        throw Refusal(text: "Error in hard, soft or soft_seconds setting in buffer limit configuration.")
                    }
                    limits[type.rawValue] = limit
                }
                configuration.limits.outputBuffers = limits
            })
    }

    private static func limit(_ words: ArraySlice<[UInt8]>) -> OutputBufferLimit? {
        let sizes = words.prefix(2).compactMap { Directive.bytes($0).flatMap { Int64(exactly: $0) } }
        guard sizes.count == 2, let seconds = words.last.flatMap(Directive.looseInteger), seconds >= 0 else { return nil }
        return OutputBufferLimit(hard: sizes[0], soft: sizes[1], softSeconds: seconds)
    }

    private static func clientClass(_ word: [UInt8]) -> ClientClass? {
        switch String(decoding: word, as: UTF8.self).lowercased() {
        case "normal": .normal
        case "slave", "replica": .replica
        case "pubsub": .pubsub
        default: nil
        }
    }

    /// A template must know its variables and come to something even where they are empty.
    static func checkTitle(_ template: [UInt8]) throws(Refusal) {
        let refusal = Refusal(text: "template format is invalid or contains unknown variables")
        let variables = ["title": false, "listen-addr": true, "server-mode": false, "port": true, "tls-port": true, "unixsocket": false,
            "config-file": false]
        var rest = template[...]
        var showsSomething = false
        while let byte = rest.popFirst() {
            guard byte == 123 else {
                showsSomething = showsSomething || byte != 32
                continue
            }
            if rest.first == 123 {
                rest.removeFirst()
                showsSomething = true
                continue
            }
            guard let end = rest.firstIndex(of: 125), let isFull = variables[String(decoding: rest[..<end], as: UTF8.self)] else {
                throw refusal
            }
            showsSomething = showsSomething || isFull
            rest = rest[(end + 1)...]
        }
        guard showsSomething else { throw refusal }
    }

    /// A locale as the C library names them, as far as this server collates: by bytes.
    static func checkLocale(_ name: [UInt8]) throws(Refusal) {
        guard ["", "C", "POSIX", "C.UTF-8"].contains(String(decoding: name, as: UTF8.self)) else {
            throw Refusal(text: "Invalid locale name")
        }
    }
}
