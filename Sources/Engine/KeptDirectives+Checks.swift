// Rules of kept directives whose values are more than a number or a word.

import Primitives

extension KeptDirectives {
    typealias Refusal = Directive.Refusal
    typealias Check = @Sendable ([[UInt8]]) throws(Refusal) -> [UInt8]

    /// Pairs of seconds and changes; nothing at all means never.
    @Sendable
    static func savePoints(_ words: [[UInt8]]) throws(Refusal) -> [UInt8] {
        guard words != [[]] else { return [] }
        let values = words.map { Directive.looseInteger($0) ?? -1 }
        let isPaired = values.count % 2 == 0 && values.indices.allSatisfy { values[$0] >= ($0 % 2 == 0 ? 1 : 0) }
        guard isPaired else { throw Refusal(text: "Invalid save parameters") }
        return [UInt8](values.map(String.init).joined(separator: " "))
    }

    /// A name without a directory.
    static func fileName(_ name: String, kind: String = "filename", mayBeEmpty: Bool = false) -> Check {
        { (words) throws(Refusal) in
            guard mayBeEmpty || !words[0].isEmpty else { throw Refusal(text: "\(name) can't be empty") }
            guard !words[0].contains(where: { $0 == 47 || $0 == 92 }) else { throw Refusal(text: "\(name) can't be a path, just a \(kind)") }
            return words[0]
        }
    }

    @Sendable
    static func defragmentation(_ words: [[UInt8]]) throws(Refusal) -> [UInt8] {
        guard try !Directive.flag(words[0]) else {
            throw Refusal(
                text: "Active defragmentation cannot be enabled: it requires a Redis server compiled with a modified Jemalloc "
                    + "like the one shipped by default with the Redis source distribution")
        }
        return [UInt8]("no")
    }

    /// Fewer bytes than this would hold no useful backlog.
    @Sendable
    static func backlogSize(_ words: [[UInt8]]) throws(Refusal) -> [UInt8] {
        [UInt8](String(max(16384, try Directive.memory(words[0], 1...Int64.max))))
    }

    /// `host port`, or `no one`.
    @Sendable
    static func primary(_ words: [[UInt8]]) throws(Refusal) -> [UInt8] {
        guard words.count == 2 else { throw .wordCount }
        let (host, number) = (words[0], words[1])
        if host.rawSpan.matches("no"), number.rawSpan.matches("one") { return [] }
        guard let port = Directive.looseInteger(number), DirectiveTable.port.contains(port) else {
            throw Refusal(text: "Invalid master port")
        }
        return host + [32] + [UInt8](String(port))
    }

    @Sendable
    static func hostName(_ words: [[UInt8]]) throws(Refusal) -> [UInt8] {
        guard words[0].count < 256 else { throw Refusal(text: "Hostnames must be less than 256 characters") }
        guard words[0].allSatisfy({ $0.isDigit || (97...122).contains($0 | 32) || $0 == 45 || $0 == 46 }) else {
            throw Refusal(text: "Hostnames may only contain alphanumeric characters, hyphens or dots")
        }
        return words[0]
    }

    @Sendable
    static func nodeName(_ words: [[UInt8]]) throws(Refusal) -> [UInt8] {
        let isPlain = words[0].allSatisfy { (33...126).contains($0) && ![UInt8]("!\"#$%&'()*+,;<=>?@[\\]^{|}~").contains($0) }
        guard isPlain else { throw Refusal(text: "Announced human node name contained invalid character") }
        return words[0]
    }

    @Sendable
    static func addressV4(_ words: [[UInt8]]) throws(Refusal) -> [UInt8] {
        let parts = words[0].split(separator: 46, omittingEmptySubsequences: false)
        let isAddress = parts.count == 4 && parts.allSatisfy { part in
            (1...3).contains(part.count) && part.allSatisfy(\.isDigit) && UInt8(String(decoding: part, as: UTF8.self)) != nil
                && (part.count == 1 || part.first != 48)
        }
        guard words[0].isEmpty || isAddress else { throw Refusal(text: "Invalid IPv4 address") }
        return words[0]
    }

    @Sendable
    static func addressV6(_ words: [[UInt8]]) throws(Refusal) -> [UInt8] {
        guard words[0].isEmpty || isAddressV6(String(decoding: words[0], as: UTF8.self)) else {
            throw Refusal(text: "Invalid IPv6 address")
        }
        return words[0]
    }

    /// Eight groups of up to four hexadecimal digits, one run of which may be left out.
    private static func isAddressV6(_ text: String) -> Bool {
        var groups = text.split(separator: ":", omittingEmptySubsequences: false)
        guard groups.count >= 3 else { return false }
        if groups[0].isEmpty, groups[1].isEmpty { groups.removeFirst() }
        if groups.count > 1, groups[groups.count - 1].isEmpty, groups[groups.count - 2].isEmpty { groups.removeLast() }
        let gaps = groups.count { $0.isEmpty }
        let areHexadecimal = groups.allSatisfy { $0.count <= 4 && $0.allSatisfy(\.isHexDigit) }
        return areHexadecimal && (gaps == 1 ? groups.count <= 8 : gaps == 0 && groups.count == 8)
    }
}
