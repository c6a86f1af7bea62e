// The alerts. docs/operations.md has a section for each: what it means and what to do.

param location string
param tags object
param topicId string
@description('Event subscriptions to watch; * for all of the topic.')
param subscriptionNames array
param workspaceId string
param email string
param onSilence bool
param deliveryFailureThreshold int

// It is not documented whether metrics spell a name as declared or in capitals, as dead letters do.
var watched = union(subscriptionNames, map(subscriptionNames, name => toUpper(name)))
var actionGroups = empty(email) ? [] : [receivers.id]

var metricRules = [
  {
    name: 'acs-events-lost'
    description: 'Event Grid dropped events: neither the app nor the dead-letter container accepted them.'
    severity: 0
    metric: 'DroppedEventCount'
    aggregation: 'Total'
    threshold: 0
    window: 'PT5M'
  }
  {
    name: 'acs-events-dead-lettered'
    description: 'Event Grid gave up on events and wrote them to the container event-grid-dead-letters.'
    severity: 1
    metric: 'DeadLetteredCount'
    aggregation: 'Total'
    threshold: 0
    window: 'PT5M'
  }
  {
    name: 'acs-deliveries-fail'
    description: 'Many deliveries to the app fail; Event Grid retries for 24 hours.'
    severity: 2
    metric: 'DeliveryAttemptFailCount'
    aggregation: 'Total'
    threshold: deliveryFailureThreshold
    window: 'PT15M'
  }
  {
    name: 'acs-deliveries-slow'
    description: 'The app answers slowly; Event Grid abandons a delivery after 30 s.'
    severity: 3
    metric: 'DestinationProcessingDurationInMs'
    aggregation: 'Average'
    threshold: 10000
    window: 'PT15M'
  }
]

// Each query returns one row per value of the column in `by`, with a number in `Found`.
var logRules = [
  {
    name: 'acs-dead-letters'
    description: 'The app could not record events and stored them in the table DeadLetters.'
    severity: 1
    query: 'AppTraces | where Message startswith "dead letter in " | summarize Found = sum(ItemCount)'
    by: ''
    operator: 'GreaterThan'
    threshold: 0
    window: 'PT15M'
    frequency: 'PT5M'
    enabled: true
  }
  {
    name: 'acs-invocations-fail'
    description: 'Functions fail: the tables cannot be reached, or the settings are wrong.'
    severity: 2
    query: 'AppRequests | where Success == false | summarize Found = sum(ItemCount) by OperationName'
    by: 'OperationName'
    operator: 'GreaterThan'
    threshold: 10
    window: 'PT15M'
    frequency: 'PT5M'
    enabled: true
  }
  {
    name: 'acs-silence'
    description: 'No function has run for a day.'
    severity: 3
    query: 'AppRequests | summarize Found = count()'
    by: ''
    operator: 'LessThan'
    threshold: 1
    window: 'P1D'
    frequency: 'PT1H'
    enabled: onSilence
  }
]

resource receivers 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: 'acs-events'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'acs-events'
    emailReceivers: [{ name: 'operator', emailAddress: email, useCommonAlertSchema: true }]
  }
}

resource metricAlerts 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for rule in metricRules: {
    name: rule.name
    location: 'global'
    tags: tags
    properties: {
      description: rule.description
      severity: rule.severity
      enabled: true
      scopes: [topicId]
      evaluationFrequency: 'PT5M'
      windowSize: rule.window
      autoMitigate: true
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            name: rule.metric
            criterionType: 'StaticThresholdCriterion'
            metricNamespace: 'Microsoft.EventGrid/systemTopics'
            metricName: rule.metric
            dimensions: [{ name: 'EventSubscriptionName', operator: 'Include', values: watched }]
            operator: 'GreaterThan'
            threshold: rule.threshold
            timeAggregation: rule.aggregation
          }
        ]
      }
      actions: [for id in actionGroups: { actionGroupId: id }]
    }
  }
]

resource logAlerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in logRules: {
    name: rule.name
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: rule.name
      description: rule.description
      severity: rule.severity
      enabled: rule.enabled
      scopes: [workspaceId]
      evaluationFrequency: rule.frequency
      windowSize: rule.window
      autoMitigate: true
      // The tables do not exist in a new workspace.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: rule.query
            metricMeasureColumn: 'Found'
            timeAggregation: 'Total'
            dimensions: empty(rule.by) ? [] : [{ name: rule.by, operator: 'Include', values: ['*'] }]
            operator: rule.operator
            threshold: rule.threshold
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: actionGroups }
    }
  }
]
