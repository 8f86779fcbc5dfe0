import Primitives

/// Places that a search has found, where they have to be put in order. With a
/// limit, only the best are kept.
struct GeoFindings {
    struct Finding: BitwiseCopyable {
        /// In the unit of the search.
        let distance: Double
        let score: Double
        /// Of the member, in `members`.
        fileprivate let start: Int
        fileprivate let count: Int
        /// Places found before; equal distances keep this order.
        fileprivate let number: Int
    }

    private let limit: Int
    private let isDescending: Bool
    /// While there are as many as the limit allows, a heap with the worst on top.
    private var findings: [Finding] = []
    private var members: [UInt8] = []
    private var number = 0

    init(limit: Int?, isDescending: Bool) {
        self.limit = limit ?? .max
        self.isDescending = isDescending
    }

    private func precedes(_ a: Finding, _ b: Finding) -> Bool {
        if a.distance != b.distance { return isDescending ? a.distance > b.distance : a.distance < b.distance }
        return a.number < b.number
    }

    /// Notes a place, unless enough better ones are known.
    mutating func add(_ member: RawSpan, _ score: Double, _ distance: Double) {
        let finding = Finding(
            distance: distance, score: score, start: members.count, count: member.byteCount, number: number)
        number += 1
        if findings.count < limit {
            findings.append(finding)
            if findings.count == limit { makeHeap() }
        } else {
            guard precedes(finding, findings[0]) else { return }
            findings[0] = finding
            sink(0)
        }
        for index in 0..<member.byteCount { members.append(member.byte(index)) }
    }

    private mutating func makeHeap() {
        for index in stride(from: findings.count / 2 - 1, through: 0, by: -1) { sink(index) }
    }

    /// Moves a finding down until none below is worse.
    private mutating func sink(_ start: Int) {
        var index = start
        while true {
            var worst = 2 * index + 1
            guard worst < findings.count else { return }
            if worst + 1 < findings.count, precedes(findings[worst], findings[worst + 1]) { worst += 1 }
            guard precedes(findings[index], findings[worst]) else { return }
            findings.swapAt(index, worst)
            index = worst
        }
    }

    var count: Int { findings.count }

    /// Puts the findings in order; nothing may be added from then on.
    mutating func sort() {
        let isDescending = isDescending
        findings.sort { a, b in
            if a.distance != b.distance { return isDescending ? a.distance > b.distance : a.distance < b.distance }
            return a.number < b.number
        }
    }

    /// Visits members with score and distance.
    func forEach(_ body: (RawSpan, Double, Double) -> Void) {
        for finding in findings {
            body(members.rawSpan.slice(finding.start, finding.count), finding.score, finding.distance)
        }
    }
}
